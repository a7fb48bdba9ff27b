"""Check files: what to run and what to expect, read, performed, reported, rewritten."""
