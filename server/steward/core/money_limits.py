"""The greatest sizes of what people ask about money."""

MODEL_NAME_CHARS_MAX = 500
"""The name of a model, its provider's before it."""
SCOPE_CHARS_MAX = 4_200
"""The name of an account; a workspace's is as long as its path."""
CALLS_LOOKED_THROUGH_MAX = 5_000
"""Calls in the log among which one part of it looks for those that are wanted."""
