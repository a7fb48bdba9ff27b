"""Proofs: every small configuration under every combination of switches, run as far as anything was asked."""
