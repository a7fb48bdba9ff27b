"""The user's side of the system calls: ping(8) on its raw socket."""
