"""What the second reading of the sources and the random runs corrected, each with a test named after it."""
