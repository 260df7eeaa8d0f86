"""What authors use: a new extension from a template, and its test in the real sandbox."""
