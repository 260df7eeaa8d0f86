"""A value of a known shape out of what a model wrote: repaired by rule, or asked for again."""
