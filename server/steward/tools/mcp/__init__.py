"""Tools of other people's servers: what was approved of them, and calls that are asked about."""
