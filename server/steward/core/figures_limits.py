"""The largest of what people say of Steward, and of what is measured of it."""

FEEDBACK_COMMENT_CHARS_MAX = 4_000
"""What somebody says of an answer, a suggestion or a run."""
FEEDBACK_SUBJECT_CHARS_MAX = 200
"""The id of what they say it of."""
FEEDBACK_EXPORTED_MAX = 100_000
"""Rows of one export."""
TIMINGS_SERIES_MAX = 1_000
"""Different things that one process measures between two writes; one more is left out."""
TIMINGS_NAME_CHARS_MAX = 200
"""The name of one of them."""
TIMINGS_DAYS_KEPT = 400
"""How long the figures of each hour are kept."""
TIMINGS_WRITTEN_EVERY_S = 30.0
"""How long what was measured waits in memory; what a process that is killed had waiting is lost."""
