"""The Language Server Protocol front door. Translation and nothing else."""
