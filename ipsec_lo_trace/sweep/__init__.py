"""A sweep for surprises: random legal configurations under every fix, held to laws."""
