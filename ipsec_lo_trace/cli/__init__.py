"""The command line: the only room that writes to a terminal or exits."""
