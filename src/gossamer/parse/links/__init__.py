"""Links and metadata of an HTML page, read by native code, by regular expressions or by a tokenizer.

Invariant: all of them return equal results; where they differ, the tokenizer is right.
"""
