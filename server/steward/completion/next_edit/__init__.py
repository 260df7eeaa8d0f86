"""Next edits: after a change, the next place and what may be changed there."""
