"""The machine: typed symbols, verdicts, linking, the run loop and its laws.

It knows no kernel: stages reach it through a link table, packets through mbufs.
"""
