"""From a key to a suggestion: what is known already, what is on its way, and whom to ask when."""
