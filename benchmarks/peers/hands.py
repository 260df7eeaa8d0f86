"""What a model says to each program to have the same thing done."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from demo.replies import JsonObject, Reply, call, say


@dataclass(frozen=True, slots=True)
class Hands:
    """The same wishes in one program's words. Names of files are relative to the workspace."""

    read: Callable[[str], Reply]
    """Show a file."""
    edit: Callable[[str, str, str], Reply]
    """Replace a text in a file by another."""
    write: Callable[[str, str], Reply]
    """Write the whole of a file."""
    shell: Callable[[str], Reply]
    """Run a command."""
    again: Reply
    """What is said again and again, though it leads nowhere."""
    aside: Callable[[JsonObject], Reply | None]
    """The answer to a request that is not about the work itself: a title, a plan."""
    has_tools: bool = True
    """False where it is shown the file from the start, and cannot ask for it."""


def steward(_folder: Path) -> Hands:
    """Ours."""
    return Hands(
        lambda name: call("read_file", path=name),
        lambda name, old, new: call("edit_file", path=name, old_text=old, new_text=new),
        lambda name, text: call("edit_file", path=name, text=text),
        lambda command: call("run_command", command=command),
        call("read_file", path="src/app.py"),
        _plan,
    )


def _plan(request: JsonObject) -> Reply | None:
    """A plan of what this agent was given of the tools that are wanted here."""
    said = str(request["messages"])
    if "[task: plan]" not in said:
        return None
    steps = [
        {"title": "Do it", "tool": tool, "detail": "As asked."}
        for tool in ("read_file", "run_command", "edit_file")
        if tool in said
    ]
    return say(json.dumps({"summary": "Do it.", "steps": steps}))


def opencode(folder: Path) -> Hands:
    """opencode, which wants absolute paths."""

    def full(name: str) -> str:
        return str(folder / name)

    return Hands(
        lambda name: call("read", filePath=full(name)),
        lambda name, old, new: call("edit", filePath=full(name), oldString=old, newString=new),
        lambda name, text: call("write", filePath=full(name), content=text),
        lambda command: call("bash", command=command, description="Runs a command"),
        call("read", filePath=full("src/app.py")),
        lambda request: None if request.get("tools") else say("A title"),
    )


_NEXT_SPEAKER = json.dumps({"reasoning": "It is over.", "next_speaker": "user"})


def gemini(folder: Path) -> Hands:
    """gemini-cli, which asks beside the work who speaks next."""

    def full(name: str) -> str:
        return str(folder / name)

    return Hands(
        lambda name: call("read_file", file_path=full(name)),
        lambda name, old, new: call(
            "replace", file_path=full(name), instruction="Fix it.", old_string=old, new_string=new
        ),
        lambda name, text: call("write_file", file_path=full(name), content=text),
        lambda command: call("run_shell_command", command=command, description="Runs a command"),
        call("read_file", file_path=full("src/app.py")),
        lambda request: None if request.get("tools") else say(_NEXT_SPEAKER),
    )


def aider(_folder: Path) -> Hands:
    """aider, which has no tools: it acts on what is written in its answers."""
    return Hands(
        lambda name: say(f"Please add `{name}` to the chat; I have to see it first."),
        lambda name, old, new: say(_block(name, old, new)),
        lambda name, text: say(f"{name}\n```\n{text}```\n"),
        lambda line: say(f"Run this and show me what it prints:\n\n```bash\n{line}\n```\n"),
        say(_block("src/app.py", "a line that is not there", "another")),
        lambda _request: None,
        has_tools=False,
    )


def _block(name: str, old: str, new: str) -> str:
    return f"{name}\n```\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n```\n"
