"""What the module `steward` builds for extensions: remarks, and blocks of panels."""

from typing import Any

Json = Any


def diagnostic(
    line: int, start: int, end: int, message: str, severity: str = "warning", code: str = ""
) -> dict[str, Json]:
    """A remark on a piece of one line."""
    return {
        "range": {
            "start": {"line": line, "character": start},
            "end": {"line": line, "character": end},
        },
        "message": message,
        "severity": severity,
        "code": code,
    }


def markdown(text: str) -> dict[str, Json]:
    """A block of text."""
    return {"kind": "markdown", "text": text}


def items(title: str, entries: list[dict[str, Json]]) -> dict[str, Json]:
    """A list."""
    return {"kind": "list", "title": title, "items": entries}


def table(title: str, columns: list[str], rows: list[list[str]]) -> dict[str, Json]:
    """A table."""
    return {"kind": "table", "title": title, "columns": columns, "rows": rows}


def plot(
    title: str, labels: list[str], series: dict[str, list[float]], form: str = "line"
) -> dict[str, Json]:
    """A plot."""
    return {"kind": "plot", "title": title, "form": form, "labels": labels, "series": series}
