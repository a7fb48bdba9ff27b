"""Kernel presets (a link table with its sources) and fixes."""
