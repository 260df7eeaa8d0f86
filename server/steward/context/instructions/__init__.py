"""What files tell agents to do: which of them count for a place, and how a model is shown them."""
