"""Other people's agents and ours, headless, against the same scripted model."""
