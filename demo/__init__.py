"""What a newcomer sees first: a scripted model, a repository with a bug, and both at play."""
