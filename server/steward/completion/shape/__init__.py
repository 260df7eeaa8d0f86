"""A model's answer made to fit the hole at the cursor: what is shown, and when enough has come."""
