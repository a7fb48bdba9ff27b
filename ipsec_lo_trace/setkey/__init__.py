"""setkey(8): keys and policies from the text that a user of 2003 would have written.

The text is read, command by command, and each command is applied before the next is read, as setkey does.
Unlike setkey, which goes on after an error from the kernel, the first error ends it all, and nothing is kept.
"""
