"""What is known of models: what they can do, how much they take, what they cost."""
