"""Conversations with models and agents: how what is said is answered, shown and applied."""
