"""What diagnostics, changes and panels are made of; authors know it as a part of `steward`."""


def diagnostic(line, start, end, message, severity="warning", code="", *, path=None):
    """A remark on a part of a line, both counted from nought.

    Args:
        line: the line.
        start: the first column, in UTF-16 units.
        end: the column behind the last.
        message: what is to be said.
        severity: `error`, `warning`, `information` or `hint`.
        code: a short name of the rule.
        path: the file; None: the one of the event.
    """
    return {
        "path": path,
        "range": {
            "start": {"line": line, "character": start},
            "end": {"line": line, "character": end},
        },
        "message": message,
        "severity": severity,
        "code": code,
    }


def edit(path, old_text, new_text):
    """A change: `old_text`, which stands in the file exactly once, becomes `new_text`."""
    return {"do": "edit", "path": path, "old_text": old_text, "new_text": new_text}


def write(path, text):
    """A change: the file has this text from now on, whether it was there or not."""
    return {"do": "write", "path": path, "new_text": text}


def delete(path):
    """A change: the file goes."""
    return {"do": "delete", "path": path}


def rename(path, to):
    """A change: the file has another path."""
    return {"do": "rename", "path": path, "to": to}


def markdown(text):
    """A block of a panel: Markdown without HTML."""
    return {"kind": "markdown", "text": text}


def items(title, entries):
    """A block of a panel: a list of texts, or of dictionaries with at least a `label`.

    These may have `detail`, `path` and `line`, or the `command` that they run.
    """
    listed = [{"label": each} if isinstance(each, str) else each for each in entries]
    return {"kind": "list", "title": title, "items": listed}


def table(title, columns, rows):
    """A block of a panel: a table."""
    texts = [[str(cell) for cell in row] for row in rows]
    return {"kind": "table", "title": title, "columns": list(columns), "rows": texts}


def plot(title, labels, series, form="line"):
    """A block of a panel: numbers drawn as a `line` or as a `bar` for each label."""
    return {
        "kind": "plot",
        "title": title,
        "form": form,
        "labels": [str(label) for label in labels],
        "series": {name: list(numbers) for name, numbers in series.items()},
    }
