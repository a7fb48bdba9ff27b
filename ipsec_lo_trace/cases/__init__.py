"""The shapes that a configuration can have: one setkey(8) file each, found by their folder."""
