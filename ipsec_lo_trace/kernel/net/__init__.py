"""Modelled functions of sys/net/."""
