"""What was said and when: plain text, WebVTT and SubRip, read leniently and within bounds."""

import html
import re
from dataclasses import dataclass

CHARS_MAX = 500_000
CUES_MAX = 5000

_STAMP = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
_TIMES = re.compile(rf"^\s*{_STAMP}\s*-->\s*{_STAMP}")
_PLAIN_TIME = re.compile(r"^\s*[\[(]?(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[\])]?\s*[-\u2013:]?\s*(?=\S)")
_PARAGRAPH = re.compile(r"\n\s*\n|\n(?=\s*[\[(]?\d{1,3}:\d{2}(?::\d{2})?[\])]?\s)")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>|</?\d\d:\d\d[^<>]{0,20}>|\{\\[^{}]{0,100}\}")
_VOICE = re.compile(r"^\s*<v(?:\.[\w.]+)?\s+([^<>]{1,100})>")
_SPEAKER = re.compile(r"^\s*(?:>>\s*)?([A-Z][\w.'-]*(?: [A-Z][\w.'-]*){0,2}):\s+(?=\S)")
_PLACE = re.compile(
    r"(?P<path>[\w./-]*\w\.[A-Za-z]\w{0,7})"
    r"(?::(?P<colon>\d{1,6})|,?\s+(?:at\s+|on\s+)?(?:the\s+)?line\s+(?P<line>\d{1,6}))",
)


@dataclass(frozen=True, slots=True)
class Cue:
    """Something that was said."""

    text: str
    start_s: float | None = None
    """Since the beginning; None: it is not known."""
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """A place that was named while speaking, and what was said of it."""

    path: str
    line: int
    """Counted from nought."""
    cues: tuple[Cue, ...]


def read(text: str) -> tuple[Cue, ...]:
    """What was said, in order; the format is recognised by what stands in it."""
    text = text[:CHARS_MAX].replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    lines = text.split("\n")
    if lines[0].startswith("WEBVTT") or any(_TIMES.match(line) for line in lines[:200]):
        return tuple(_timed(lines))
    return tuple(_plain(lines))


def _timed(lines: list[str]) -> list[Cue]:
    """WebVTT and SubRip: a line of times, then what was said, until an empty line."""
    cues: list[Cue] = []
    at = 0
    while at < len(lines) and len(cues) < CUES_MAX:
        times = _TIMES.match(lines[at])
        at += 1
        if times is None:  # A header, a number, a NOTE, a STYLE.
            continue
        said: list[str] = []
        while at < len(lines) and lines[at].strip() and not _TIMES.match(lines[at]):
            said.append(lines[at])
            at += 1
        # SubRip's number of the next cue, where the empty line before it is missing.
        if at < len(lines) and _TIMES.match(lines[at]) and said and said[-1].strip().isdigit():
            said.pop()
        cue = _cue(" ".join(said), _seconds(times))
        if cue.text:
            cues.append(cue)
    return _joined(cues)


def _joined(cues: list[Cue]) -> list[Cue]:
    """Without what a live transcript repeats: a cue that only goes on with the one before."""
    kept: list[Cue] = []
    for cue in cues:
        if kept and cue.speaker == kept[-1].speaker and cue.text.startswith(kept[-1].text):
            kept[-1] = Cue(cue.text, kept[-1].start_s, cue.speaker)
        else:
            kept.append(cue)
    return kept


def _cue(raw: str, start_s: float | None) -> Cue:
    voice = _VOICE.match(raw)
    text = " ".join(html.unescape(_TAG.sub("", raw)).split())
    return Cue(text, start_s, voice[1].strip()) if voice else _spoken(text, start_s)


def _spoken(text: str, start_s: float | None) -> Cue:
    """A text that may begin with its speaker's name."""
    named = _SPEAKER.match(text)
    return Cue(text[named.end() :], start_s, named[1]) if named else Cue(text, start_s)


def _plain(lines: list[str]) -> list[Cue]:
    """A paragraph is a cue; a time before it is its time."""
    cues: list[Cue] = []
    for paragraph in _PARAGRAPH.split("\n".join(lines)):
        start_s, begins = None, 0
        if times := _PLAIN_TIME.match(paragraph):
            start_s = float(int(times[1] or 0) * 3600 + int(times[2]) * 60 + int(times[3]))
            begins = times.end()
        # Of plain text nothing is markup: it may speak of `List<int>`.
        cue = _spoken(" ".join(paragraph[begins:].split()), start_s)
        if cue.text:
            cues.append(cue)
        if len(cues) == CUES_MAX:
            break
    return cues


def _seconds(times: re.Match[str]) -> float:
    hours, minutes, seconds, thousandths = times.groups()[:4]
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return whole + int(thousandths.ljust(3, "0")) / 1000


def places(cues: tuple[Cue, ...]) -> tuple[Named, ...]:
    """What was said of each place that was named: `app.py:12` or “app.py, line 12”.

    A cue belongs to the place that was named last, and its own if it names one.
    """
    found: list[tuple[str, int, list[Cue]]] = []
    for cue in cues:
        named = list(_PLACE.finditer(cue.text))
        for place in named:
            line = max(0, int(place["colon"] or place["line"]) - 1)
            found.append((place["path"], line, [cue]))
        if not named and found:
            found[-1][2].append(cue)
    return tuple(Named(path, line, tuple(said)) for path, line, said in found)


def as_text(cues: tuple[Cue, ...], chars_max: int) -> str:
    """What was said as lines, each with its time and speaker."""
    lines: list[str] = []
    for cue in cues:
        time = f"[{clock(cue.start_s)}] " if cue.start_s is not None else ""
        speaker = f"{cue.speaker}: " if cue.speaker else ""
        lines.append(f"{time}{speaker}{cue.text}")
    text = "\n".join(lines)
    return text if len(text) <= chars_max else text[: chars_max - 2].rstrip() + " …"


def clock(seconds: float) -> str:
    """`1:02:03` or `2:03`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
