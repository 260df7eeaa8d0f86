"""Which model is asked, and why."""
