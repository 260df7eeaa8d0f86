"""Where everything in the repository is defined, and what of it matters at the cursor."""
