"""Modelled functions of sys/netinet/."""
