"""Anthropic's API: its requests as ours, our answers as its."""
