"""What was said, attached to where it belongs."""

import posixpath
from typing import Any

import notebook
import page
import transcript
from notebook import NotebookFull

import steward

_CONTEXT_CHARS_MAX = 4000
_CONTEXT_FILES_MAX = 50
_TOO_QUICK = frozenset(("ghost_text", "completion", "next_edit"))
_FORMATS = (".vtt", ".srt", ".txt", ".md")


@steward.command("note-selection")
def note_selection(request: dict[str, Any]) -> str:
    """Attach the selected words, or the text of the arguments, to the line they begin on."""
    place = request["place"]
    said = _argument(request, "text") or place["selection"]
    path, line = _where(request)
    if path is None:
        return "Open a file first."
    if not said.strip():
        return "Select what was said first, such as words that you have dictated."
    cues = transcript.read(said)
    return _attached(path, line, transcript.as_text(cues, notebook.TEXT_CHARS_MAX))


@steward.command("attach-transcript")
def attach_transcript(request: dict[str, Any]) -> str:
    """Attach a transcript to the line in front."""
    path, line = _where(request)
    if path is None:
        return "Open the file that was spoken about, and go to the line."
    wanted = _argument(request, "transcript")
    if not wanted:
        known = [each for each in _transcripts() if each != path]
        if len(known) != 1:
            return _which(known)
        wanted = known[0]
    try:
        text = steward.read_file(wanted)
    except steward.NotFound:
        return f"There is no {wanted}."
    cues = transcript.read(text)
    if not cues:
        return f"Nothing is said in {wanted}."
    said = transcript.as_text(cues, notebook.TEXT_CHARS_MAX)
    return _attached(path, line, said, source=wanted)


@steward.command("spread-transcript")
def spread_transcript(request: dict[str, Any]) -> str:
    """Attach what the transcript in front says of each place to that place."""
    source = _argument(request, "transcript") or request["place"]["path"]
    if source is None:
        return "Open a transcript first."
    try:
        named = transcript.places(transcript.read(steward.read_file(source)))
    except steward.NotFound:
        return f"There is no {source}."
    if not named:
        return f"No place is named in {source}, such as “app.py, line 12” or “app.py:12”."
    attached, missed = 0, list[str]()
    every = steward.list_files("**", 10_000)
    for place in named:
        path = _one_like(place.path, every, source)
        text = transcript.as_text(place.cues, notebook.TEXT_CHARS_MAX)
        if path is None or not _attach(path, place.line, text, source):
            missed.append(f"{place.path}:{place.line + 1}")
        else:
            attached += 1
    more = f" Not found, or not the only one, or full: {', '.join(missed[:10])}." if missed else ""
    return f"{attached} notes were attached.{more}"


@steward.command("resolve")
def resolve(request: dict[str, Any]) -> str:
    """What was said is done."""
    return _with_notes_here(request, notebook.resolve, "resolved")


@steward.command("remove")
def remove(request: dict[str, Any]) -> str:
    """Forget what was said."""
    return _with_notes_here(request, notebook.remove, "removed")


@steward.command("list")
def list_notes(_: dict[str, Any]) -> str | None:
    """List the notes; a click opens the place."""
    notes = _shown()
    if not notes:
        return "There are no notes."
    steward.show_panel("notes", *page.blocks(notes))
    return None


@steward.command("export")
def export(_: dict[str, Any]) -> str:
    """Propose a Markdown file of the notes."""
    notes = _shown()
    if not notes:
        return "There are no notes."
    path = steward.config("export_path")
    change = {"do": "write", "path": path, "new_text": page.markdown(notes)}
    steward.propose_edit("Export voice notes", [change])
    return f"{path} is proposed."


@steward.hook("onFileSave")
def saved(event: dict[str, Any]) -> list[dict[str, Any]]:
    """Let notes follow their lines, and show them."""
    path = event["path"]
    if path not in notebook.files():
        return []
    lines = event["text"].split("\n")
    return page.hints(notebook.follow(path, lines), lines)


@steward.hook("onWorkspaceChange")
def changed(event: dict[str, Any]) -> None:
    """Let notes follow a file that was renamed or moved."""
    known = set(notebook.files())
    for path in event["deleted"]:
        if path not in known:
            continue
        name = posixpath.basename(path)
        folder = posixpath.dirname(path)
        same_name = [each for each in event["created"] if posixpath.basename(each) == name]
        same_folder = [each for each in event["created"] if posixpath.dirname(each) == folder]
        candidates = same_name or (same_folder if len(event["deleted"]) == 1 else [])
        if len(candidates) == 1:
            notebook.move(path, candidates[0])


@steward.context_stage("notes")
def notes_of_files(request: dict[str, Any]) -> dict[str, Any]:
    """The notes of the files that a model sees."""
    if not steward.config("in_context") or request["task"] in _TOO_QUICK:
        return {}
    known = set(notebook.files())
    seen = dict.fromkeys(piece["path"] for piece in request["pieces"] if piece["path"] in known)
    added: list[dict[str, Any]] = []
    left = _CONTEXT_CHARS_MAX
    for path in list(seen)[:_CONTEXT_FILES_MAX]:
        notes = [note for note in notebook.of_file(path) if not note.is_resolved]
        text = page.for_models(notes)[:left]
        if text:
            left -= len(text)
            added.append({"title": f"what people said of {path}"[:480], "path": path, "text": text})
    return {"add": added} if added else {}


def _shown() -> list[tuple[str, notebook.Note]]:
    with_resolved = steward.config("show_resolved")
    return [
        (path, note) for path, note in notebook.every() if with_resolved or not note.is_resolved
    ]


def _argument(request: dict[str, Any], name: str) -> str:
    arguments = request["arguments"]
    said = arguments.get(name) if isinstance(arguments, dict) else None
    return said if isinstance(said, str) else ""


def _where(request: dict[str, Any]) -> tuple[str | None, int]:
    place = request["place"]
    line = place["range"]["start"]["line"] if place["range"] else 0
    return place["path"], line


def _attached(path: str, line: int, text: str, source: str = "") -> str:
    try:
        lines = steward.read_file(path).split("\n")
        note = notebook.add(path, lines, line, text, source)
    except steward.NotFound:
        return f"{path} is not in the workspace; save it there first."
    except NotebookFull as full:
        return str(full)
    return f"Noted at {path}, line {note.anchor.line + 1}. It is shown when the file is saved."


def _attach(path: str, line: int, text: str, source: str) -> bool:
    try:
        notebook.add(path, steward.read_file(path).split("\n"), line, text, source)
    except (steward.HostError, NotebookFull):
        return False
    return True


def _with_notes_here(request: dict[str, Any], change: Any, done: str) -> str:
    path, line = _where(request)
    if path is None or path not in notebook.files():
        return "There is no note in this file."
    try:
        notes = notebook.follow(path, steward.read_file(path).split("\n"))
    except steward.NotFound:
        notes = notebook.of_file(path)
    last = request["place"]["range"]["end"]["line"] if request["place"]["range"] else line
    here = {note.id for note in notes if line <= note.anchor.line <= max(line, last)}
    number = _argument(request, "id")
    if number.isdecimal():
        here = {note.id for note in notes if note.id == int(number)}
    if not here:
        return "There is no note on this line."
    change(path, here)
    return f"{len(here)} {'note was' if len(here) == 1 else 'notes were'} {done}."


def _transcripts() -> list[str]:
    found = steward.list_files(steward.config("transcripts"), 200)
    return [path for path in found if path.lower().endswith(_FORMATS)]


def _which(known: list[str]) -> str:
    where = steward.config("transcripts")
    if not known:
        return f"No transcript (.vtt, .srt, .txt, .md) is in {where}."
    entries = [{"label": path, "path": path} for path in known]
    steward.show_panel("notes", steward.items("Which transcript?", entries))
    return (
        f"There are {len(known)} transcripts in {where}. Run the command with"
        f' {{"transcript": "{known[0]}"}}, or open one and attach it to the places it names.'
    )


def _one_like(said: str, every: list[str], source: str) -> str | None:
    """The one file that was meant by a name or the end of a path."""
    said = said.removeprefix("./")
    if said in every:
        return said
    like = [path for path in every if path.endswith(f"/{said}") and path != source]
    return like[0] if len(like) == 1 else None
