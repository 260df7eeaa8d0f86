"""Agents as people write them: Markdown with front matter, in the product, the database or a folder."""
