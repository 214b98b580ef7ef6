"""The text of an HTML page: its main content, as blocks, as Markdown and as plain words.

Invariant: tokens only, one pass, no tree: hostile nesting costs nothing more than its length.
"""
