"""The extension that the stories install: it finds notes, and can also go wrong."""

from pathlib import Path

from steward.extensions.packages.package import Author, pack

NAME = "Notes"
ID = "acme.notes"
REMARK = "A note waits here."
NOTE = "# NOTE: tea by weight"

_MANIFEST = b"""\
id: acme.notes
name: Notes
version: 1.0.0
publisher: Acme Corp
api_version: "1.0"
description: Finds the notes that wait in your code.
entry: main.py
commands:
  - {id: count, title: Count Notes}
  - {id: tidy, title: Take Notes Out, when: {languages: [python]}}
  - {id: spin, title: Spin}
menus:
  - {command: tidy, title: Take the Notes Out Here, when: {languages: [python]}}
hooks:
  - {event: onFileSave, globs: ["**/*.py"]}
panels:
  - {id: board, title: Waiting notes}
permission_scope:
  - {capability: files.read, globs: ["shop/**"], reason: To look for notes.}
  - {capability: files.propose, globs: ["shop/**"], reason: To take notes out.}
  - {capability: panels.show, reason: To list the notes.}
"""

_MAIN = b"""\
import steward

MARK = "# NOTE:"
HEAD = "See [it](shop/basket.py), [out](../out.py), [web](https://a.example), <b>no tag</b>."


def notes_in(text):
    for number, line in enumerate(text.splitlines()):
        at = line.find(MARK)
        if at >= 0:
            yield number, at, line


@steward.hook("onFileSave")
def remark(event):
    found = notes_in(event["text"])
    return [
        steward.diagnostic(number, at, len(line), "A note waits here.", code="note")
        for number, at, line in found
    ]


@steward.command("count")
def count(request):
    entries, counts = [], {}
    for path in steward.list_files("shop/*.py"):
        for number, at, line in notes_in(steward.read_file(path)):
            entries.append({"label": line[at:], "path": path, "line": number})
            counts[path] = counts.get(path, 0) + 1
    steward.show_panel(
        "board",
        steward.markdown(HEAD),
        steward.items("Waiting", [*entries, {"label": "Count again", "command": "count"}]),
        steward.table("By file", ["File", "Notes"], sorted(counts.items())),
        steward.plot("Notes", counts.keys(), {"waiting": list(counts.values())}, "bar"),
    )
    return f"{len(entries)} notes wait."


@steward.command("tidy")
def tidy(request):
    path = request["place"]["path"]
    text = steward.read_file(path)
    kept = [line for line in text.splitlines(keepends=True) if MARK not in line]
    steward.propose_edit("Take the notes out", [steward.write(path, "".join(kept))])


@steward.command("spin")
def spin(request):
    while True:
        pass
"""


def package(folder: Path) -> Path:
    """The extension, packed and signed, in a file of this folder."""
    path = folder / "notes-1.0.0.stewardext"
    author = Author(bytes(range(32)))
    path.write_bytes(pack({"extension.yaml": _MANIFEST, "main.py": _MAIN}, author))
    return path
