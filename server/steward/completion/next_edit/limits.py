"""The bounds of next edits."""

KEPT_S = 120.0
"""So long a next edit is kept that nobody took."""
CALL_S = 10.0
"""How long a model may take for one; by then the person is somewhere else."""
PAUSE_S_MAX = 60.0
"""The longest pause before one is asked for, however many were rejected."""
LINES_MAX = 24
"""Lines that one answer may change."""
CHANGES_MAX = 16
"""Changes of one answer that are kept; they are offered one after the other."""
REMEMBERED_MAX = 64
"""Next edits of one document that were rejected or taken, and are not offered again."""
TYPED_MAX = 256
"""Edits of a document while a model is asked; after more the answer is of no use."""
