"""The HTML tokenizer and the detector of encodings: all that gossamer uses of turbohtml.

Its tree is not used: trees of hostile pages have ended processes and taken gigabytes.
"""

from __future__ import annotations

from turbohtml import Token, TokenType, tokenize
from turbohtml.detect import detect

__all__ = ["Token", "TokenType", "detect", "tokenize"]
