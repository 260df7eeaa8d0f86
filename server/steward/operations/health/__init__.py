"""Whether everything works: each part looked at by itself, side by side, with why it does not."""
