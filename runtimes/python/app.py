"""The component that runs extensions written in Python: CPython, and this."""

import builtins
import io
import json
import random
import sys
import time

import ready  # noqa: F401  What authors import is there before they do.
from componentize_py_types import Err
from sources import Sources
from wit_world import exports

import steward

_KINDS = {"command": "command", "context": "context stage", "tool": "tool", "engine": "hook"}
_LINE_CHARS_MAX = 8_000


class Guest(exports.Guest):
    """What Steward calls."""

    def load(self, bundle):
        """Run the package's entry; what it registered."""
        global _sources
        sys.stdout, sys.stderr = _Log("info"), _Log("error")
        builtins.open = _shut("open()", "read files with steward.read_file or steward.resource")
        time.sleep = _shut("time.sleep()", "do the next bit in the next event")
        # All instances are copies of one that was made when this was built.
        random.seed()
        given = json.loads(bundle)
        steward.files.update(given["files"])
        _sources = Sources(given["files"])
        sys.meta_path.insert(0, _sources)
        try:
            _sources.load(given["entry"])
        except BaseException as error:
            raise _told(error) from None
        return json.dumps(
            {
                "commands": list(steward.registered["command"]),
                "hooks": list(steward.registered["hook"]),
                "context_stages": list(steward.registered["context"]),
                "tools": list(steward.registered["tool"]),
                "engine_hooks": list(steward.registered["engine"]),
            }
        )

    def handle(self, topic, payload):
        """Give an event to whoever registered for it."""
        try:
            answer = _handled(topic, json.loads(payload) if payload else {})
            return steward._json(answer, f"what was returned for {topic!r}")
        except BaseException as error:
            raise _told(error) from None


_sources = Sources({})


def _handled(topic, event):
    kind, _, name = topic.partition(":")
    if not name:
        return _hooked(topic, event)
    functions = steward.registered.get(kind, {}).get(name)
    if not functions:
        raise LookupError(f"no {_KINDS.get(kind, kind)} {name!r} is registered")
    if kind == "engine":
        reasons = [reason for each in functions if (reason := each(event))]
        return {"veto": "; ".join(map(str, reasons)) or None}
    answer = functions[0](event["arguments"] if kind == "tool" else event)
    if kind == "tool":
        return {"result": answer}
    if kind == "command" and not isinstance(answer, dict):
        return {"message": None if answer is None else str(answer)}
    return {} if answer is None else answer


def _hooked(event_name, event):
    functions = steward.registered["hook"].get(event_name) or steward.registered["on"].get(
        event_name, ()
    )
    answers = [function(event) for function in functions]
    if event_name != "onFileSave":
        return {}
    return {"diagnostics": [remark for answer in answers for remark in answer or ()]}


def _told(error):
    try:
        text = _sources.account(error)
    except BaseException:
        # There may be no room left to tell it well.
        text = type(error).__name__
    return Err(text.encode("utf-8", "replace").decode("utf-8"))


def _shut(what, instead):
    def refuse(*_words, **_named):
        raise PermissionError(f"{what} is not there for extensions: {instead}")

    return refuse


class _Log(io.TextIOBase):
    """Whole lines of what is printed go to the extension's log."""

    def __init__(self, level):
        self._level = level
        self._rest = ""

    def writable(self):
        return True

    def write(self, text):
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            steward.log(line, self._level)
        if len(self._rest) > _LINE_CHARS_MAX:
            steward.log(self._rest, self._level)
            self._rest = ""
        return len(text)
