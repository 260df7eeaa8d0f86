"""One call, from its price to its last attempt: what it may cost, what follows what, what is kept."""
