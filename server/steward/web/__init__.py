"""The front door for other programs: OpenAI's and Anthropic's APIs. Translation and nothing else."""
