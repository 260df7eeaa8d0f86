"""What a model gets to see: blocks, memory, retrieval, prompt templates, conversations."""
