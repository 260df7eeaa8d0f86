"""Where branches are pushed and pull requests opened: which remotes it serves, and its API."""
