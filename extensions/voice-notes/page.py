"""How notes are shown: on their lines, in a list, to models, and as Markdown."""

from typing import Any

from notebook import Note

import steward

_SHOWN_CHARS = 300
_LISTED_MAX = 1000


def hints(notes: list[Note], lines: list[str]) -> list[dict[str, Any]]:
    """A hint on the line of each open note, and one for those that lost theirs."""
    opened = [note for note in notes if not note.is_resolved]
    shown = [_hint(note, lines) for note in opened if not note.anchor.is_lost]
    lost = sum(note.anchor.is_lost for note in opened)
    if lost:
        what = "1 voice note has" if lost == 1 else f"{lost} voice notes have"
        said = f"{what} lost the line; see “List Notes”."
        shown.append(steward.diagnostic(0, 0, 0, said, "hint", "lost"))
    return shown


def _hint(note: Note, lines: list[str]) -> dict[str, Any]:
    line = lines[note.anchor.line].rstrip("\r")
    start = len(line) - len(line.lstrip())
    # Columns count UTF-16 units, of which a character beyond the first plane has two.
    end = len(line) + sum(character > "\uffff" for character in line)
    return steward.diagnostic(note.anchor.line, start, end, note.text[:2000], "hint", "note")


def blocks(notes: list[tuple[str, Note]]) -> list[dict[str, Any]]:
    """The notes as lists: those with a place, and those that lost it."""
    placed = [(path, note) for path, note in notes if not note.anchor.is_lost]
    lost = [(path, note) for path, note in notes if note.anchor.is_lost]
    shown = [steward.items("Notes", [_item(*each) for each in placed[:_LISTED_MAX]])]
    if lost:
        entries = [_item(*each) for each in lost[:_LISTED_MAX]]
        shown.append(steward.items("Lost: their line is gone, this is where it was", entries))
    return shown


def _item(path: str, note: Note) -> dict[str, Any]:
    line = note.anchor.line
    text = " ".join(note.text.split())
    done = "✓ " if note.is_resolved else ""
    return {
        "label": f"{done}{text}"[:_SHOWN_CHARS],
        "detail": f"{path}:{line + 1}"[-480:],
        "path": path,
        "line": line,
    }


def for_models(notes: list[Note]) -> str:
    """The notes of a file with their lines."""
    said: list[str] = []
    for note in notes:
        where = "a line that is gone" if note.anchor.is_lost else f"line {note.anchor.line + 1}"
        said.append(f"On {where} (`{note.anchor.text[:120]}`):\n{note.text}")
    return "\n\n".join(said)


def markdown(notes: list[tuple[str, Note]]) -> str:
    """All notes as one page."""
    lines = ["# Voice notes", ""]
    before = ""
    for path, note in notes:
        if path != before:
            lines += [f"## {_plain(path)}", ""]
            before = path
        lost = ", which is gone" if note.anchor.is_lost else ""
        done = " (resolved)" if note.is_resolved else ""
        source = f", from {_plain(note.source)}" if note.source else ""
        lines += [f"- **Line {note.anchor.line + 1}**{lost}{done}{source}", ""]
        lines += [f"  > {_plain(line)}" for line in note.text.split("\n")]
        lines.append("")
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Words that stay words in Markdown: what was said must not become a link or a picture."""
    return "".join(f"\\{each}" if each in "\\`*_[]<>!#|~" else each for each in text)
