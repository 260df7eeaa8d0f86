"""The user's files: what they are now, what is proposed, and the one door through which they change; git."""
