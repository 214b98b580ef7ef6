"""Links and metadata of an HTML page, natively where a compiler was there, by regular expressions, or by tokenizer.

Invariant: all readers give equal results; the tokenizer is the judge.
"""
