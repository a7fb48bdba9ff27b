"""ipsec-lo-trace: static-keyed IPsec over lo0 in NetBSD's FAST_IPSEC of August 2003, step by step."""

__version__ = "0.1.0"
