"""Auto test staging: tests of what a model is shown come along, and the other way round."""

import time
from typing import Any

from excerpts import excerpt
from pairs import Found, Index, Own, belonging_to, index_of

import steward

Request = dict[str, Any]
_KNOWN_FOR_S = 30.0
_CHARS_A_TOKEN = 3.5
_READ_CHARS_MAX = 200_000
_kept: dict[str, Any] = {}
"""The index and when it was made, in this instance."""


def _index() -> Index:
    now = time.monotonic()  # noqa: TID251  The sandbox has a clock of its own.
    if not _kept or now - _kept["at"] > _KNOWN_FOR_S:
        _kept.update(index=index_of(steward.list_files("**", limit=10_000)), at=now)
    return _kept["index"]


@steward.hook("onWorkspaceChange")
def on_change(event: Request) -> None:
    """Files came or went: look again."""
    if event["created"] or event["deleted"]:
        _kept.clear()


def _own() -> list[Own]:
    return [Own(each["source"], each["test"]) for each in steward.config("patterns")]


def _read(path: str) -> str:
    try:
        return steward.read_file(path)[:_READ_CHARS_MAX]
    except steward.HostError:
        return ""


@steward.context_stage("tests")
def stage(request: Request) -> Request:
    """Add the tests of the first files of a context, or what its tests are tests of."""
    if request["task"] not in steward.config("tasks"):
        return {}
    index = _index()
    pieces = request["pieces"]
    shown = {piece["path"] for piece in pieces if piece["path"]}
    asked = [
        path for path in dict.fromkeys(piece["path"] for piece in pieces) if path in index.paths
    ]
    room = int(steward.config("tokens_max") * _CHARS_A_TOKEN)
    texts: dict[str, str] = {}

    def read(path: str) -> str:
        if path not in texts:
            texts[path] = _read(path)
        return texts[path]

    added: list[Request] = []
    for path in asked[: steward.config("files_max")]:
        for found in belonging_to(path, index, _own(), read)[: steward.config("tests_max")]:
            text = read(found.path)
            if found.path in shown or not text.strip() or room < 200:
                continue
            shown.add(found.path)
            piece = excerpt(text, f"{request['goal']} {path}", room)
            room -= len(piece)
            added.append({"title": _title(found, path), "path": found.path, "text": piece})
    return {"add": added} if added else {}


def _title(found: Found, path: str) -> str:
    return f"{found.path}, which belongs to {path}: {found.why}"[:500]


@steward.command("show-tests")
def show_tests(request: Request) -> str:
    """List the tests of the file in front, or what it is a test of."""
    path = request["place"]["path"]
    if path is None:
        return "Open the file whose tests you want to see."
    _kept.clear()
    found = belonging_to(path, _index(), _own(), _read)
    if not found:
        return f"Nothing is named after {path}, and no test near it imports it."
    entries = [
        {
            "label": each.path.rpartition("/")[2],
            "detail": f"{each.path}: {each.why}",
            "path": each.path,
        }
        for each in found
    ]
    steward.show_panel("tests", steward.items(path, entries))
    return f"{len(found)} {'belongs' if len(found) == 1 else 'belong'} to {path}."
