"""What every name in an output means: one page each, in plain words, with its source and an example."""
