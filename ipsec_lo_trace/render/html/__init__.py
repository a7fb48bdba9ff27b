"""The trace as one web page: no network, no build step, readable without its script."""
