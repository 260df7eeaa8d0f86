"""What a text is in its own language: its name, its comments, its symbols."""
