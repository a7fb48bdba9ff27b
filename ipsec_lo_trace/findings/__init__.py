"""From a trace to what it means; reads records only, never the kernel."""
