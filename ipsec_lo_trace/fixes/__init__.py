"""The known treatments of stale marks: one preset a file, found by their folder."""
