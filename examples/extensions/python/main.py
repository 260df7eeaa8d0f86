"""Remarks on what is left to do, and a command that reads a file."""

import steward


@steward.hook("onFileSave")
def on_save(event):
    """A remark on each line that holds a TODO."""
    return [
        steward.diagnostic(number, column, column + 4, "Something is left to do.")
        for number, line in enumerate(event["text"].split("\n"))
        for column in columns(line)
    ]


@steward.command("first-line")
def first_line(request):
    """The first line of the file in front of the person."""
    path = request["place"]["path"]
    if path is None:
        return "Open a file first."
    try:
        return steward.read_file(path).partition("\n")[0]
    except steward.HostError as refused:
        return f"{path}: {refused}"


def columns(line):
    """Where the first TODO stands, if one does.

    Editors count in UTF-16, where a character beyond U+FFFF is two.
    """
    before, found, _ = line.partition("TODO")
    return [sum(1 + (each > "\uffff") for each in before)] if found else []
