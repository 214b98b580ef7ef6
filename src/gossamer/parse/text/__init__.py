"""The text of an HTML page: its main content, as blocks, as Markdown and as plain words.

Invariant: one pass over the tokens, no tree; time and memory are linear at any depth of nesting.
"""
