"""A gap as the text of a prompt: a model's own marks around what files say, and nowhere in it."""

import re
from functools import lru_cache

from steward.gateway.catalogue.model import FillFormat
from steward.gateway.request import Fill, OtherFile

_PLACES = re.compile(r"\{(prefix|suffix|files|path|text|name)\}")


def written_gap(form: FillFormat, fill: Fill) -> tuple[str, str | None]:
    """The prompt, and the suffix where that has a field of its own."""
    plain = _Plain(form.marks)
    files, prefix = _files(form, fill, plain), plain(fill.prefix)
    suffix = plain(fill.suffix) or form.empty_suffix
    if files and form.heading:
        prefix = _put(form.heading, path=plain(_line(fill.path))) + prefix
    if form.template is None:
        return files + prefix, suffix
    if "{files}" not in form.template:
        files, prefix = "", files + prefix
    return _put(form.template, files=files, prefix=prefix, suffix=suffix), None


class _Plain:
    """Takes a model's marks out of what a file says.

    A file that holds one, as a test of such a model does, would otherwise end its own part of the
    prompt and begin another. A space behind the first character makes it plain text.
    """

    def __init__(self, marks: tuple[str, ...]) -> None:
        self._marks = _pattern(marks)

    def __call__(self, text: str) -> str:
        if self._marks is None:
            return text
        found = 1
        while found:  # Of a long row of plus signs, what is left in front may be a mark again.
            text, found = self._marks.subn(lambda mark: f"{mark[0][0]} {mark[0][1:]}", text)
        return text


@lru_cache(maxsize=64)
def _pattern(marks: tuple[str, ...]) -> re.Pattern[str] | None:
    if not marks:
        return None
    # The longest first: one may begin as another does.
    return re.compile("|".join(map(re.escape, sorted(marks, key=len, reverse=True))))


def _files(form: FillFormat, fill: Fill, plain: _Plain) -> str:
    """Everything that stands there of other files; empty where there are none to show."""
    if form.file is None:
        return _as_comments(fill, plain)
    if not fill.files:
        return ""
    named = fill.repository and form.repository
    parts = [_put(form.repository, name=plain(_line(fill.repository)))] if named else []
    parts += [_file(form.file, each, plain) for each in fill.files]
    return "".join(parts) + _put(form.files_end, path=plain(_line(fill.path)))


def _file(template: str, file: OtherFile, plain: _Plain) -> str:
    return _put(template, path=plain(_line(file.path)), text=plain(file.text))


def _as_comments(fill: Fill, plain: _Plain) -> str:
    """Other files as comments of the file with the gap, under a line that names each."""
    if fill.comment is None:
        return ""
    begin, end = fill.comment
    lines: list[str] = []
    for file in fill.files:
        lines += [f"{_line(file.path)}:", *file.text.rstrip("\n").split("\n")]
    written = (f"{begin} {line}".rstrip() + (f" {end}" if end else "") for line in lines)
    return plain("".join(f"{line}\n" for line in written))


def _line(name: str) -> str:
    """A name that cannot end its line."""
    return " ".join(name.split())


def _put(template: str, **values: str) -> str:
    """The template with its places taken; what stands in a value is never looked at again."""
    return _PLACES.sub(lambda found: values.get(found[1], found[0]), template)
