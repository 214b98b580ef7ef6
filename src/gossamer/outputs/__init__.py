"""Outputs: resumable files that a crawl writes its pages to."""
