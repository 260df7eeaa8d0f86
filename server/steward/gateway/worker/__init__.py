"""litellm in a process of its own, for the providers whose format we do not speak ourselves."""
