"""What was said in conversations, and how it is kept."""
