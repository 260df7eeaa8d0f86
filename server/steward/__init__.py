"""Steward: a language server with governed AI behind it."""

__version__ = "0.1.0"
