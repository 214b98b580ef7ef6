"""Fingerprints of texts: which pages resemble each other, and which resemble a page that is missing.

Invariant: equal text, equal fingerprint, on every machine and in every version.
"""
