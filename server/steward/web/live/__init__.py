"""What changes, as it changes: to whoever listens, and again from where they stopped."""
