"""Two traces, held against each other."""
