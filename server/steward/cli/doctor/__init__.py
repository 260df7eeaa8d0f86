"""`steward doctor`: what is wrong here, why, and the command that mends it."""
