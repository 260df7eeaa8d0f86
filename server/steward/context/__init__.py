"""What a model gets to see: the prompts, put together the same way every time."""
