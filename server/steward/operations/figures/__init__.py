"""How much agents and ghost text help: what is counted, and what follows from it."""
