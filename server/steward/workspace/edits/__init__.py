"""Edits as a model writes them, applied to a text: found for certain, or refused and explained."""
