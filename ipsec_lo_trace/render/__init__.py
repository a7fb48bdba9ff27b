"""Views of a trace: they read records, and know neither the kernel nor a terminal's file descriptor."""
