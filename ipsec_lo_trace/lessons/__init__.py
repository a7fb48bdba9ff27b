"""Exercises: a story and a question, answered by the runs themselves; each is a data file beside this one."""
