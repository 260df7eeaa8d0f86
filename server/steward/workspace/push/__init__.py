"""What leaves for a remote: pushes and pull requests, and the search for secrets before them."""
