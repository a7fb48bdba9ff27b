"""A trace in the forms of other viewers: captures, graphs, pictures, Markdown."""
