"""What became of earlier changes: which line came from which, and taking them back."""
