"""Modelled functions of sys/netipsec/."""
