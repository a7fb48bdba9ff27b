"""What each command does once it runs: its arguments checked, the run, the output."""
