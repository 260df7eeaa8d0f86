"""Definitions as people write them."""


def written(
    *fields: str,
    name: str = "Painter",
    tools: str = "[read_file, edit_file]",
    persona: str = "You paint sheds.",
) -> str:
    """A definition with these lines of front matter beside what each must have."""
    head = [f"name: {name}", "description: Paints sheds.", f"tools: {tools}", *fields]
    return "\n".join(["---", *head, "---", "", persona, ""])
