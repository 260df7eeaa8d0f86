"""The API of our own: what Steward knows, as resources that can be read, and changed where a role includes it."""
