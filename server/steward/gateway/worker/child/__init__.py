"""The program that holds litellm. It imports nothing of Steward's but its own few files."""
