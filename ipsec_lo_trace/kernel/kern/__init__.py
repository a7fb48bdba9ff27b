"""Modelled functions of sys/kern/."""
