"""The user's side of the system calls: ping(8), the probes, and the processes that answer."""
