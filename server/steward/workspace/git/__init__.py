"""Git: what it says of a repository, and the commits and branches that are proposed in it."""
