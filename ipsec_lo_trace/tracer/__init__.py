"""A run, whole: what is to be traced, the tracer, and experiments on the marks."""
