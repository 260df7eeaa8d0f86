"""Version 1 of the API: the world `steward:extension@1.0.0`."""
