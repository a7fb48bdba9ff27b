"""The presets: each file here defines ``FIX``."""
