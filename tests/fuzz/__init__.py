"""Coverage-guided fuzzing of everything that reads a file: ``python -m tests.fuzz.capture``.

Needs atheris (the extra ``fuzz``).  Options are libFuzzer's, such as ``-max_total_time=600``; a target runs
until it finds something or is stopped.  What it finds is kept in a file; given as an argument, that is played
again.
"""
