"""How models copy a text wrongly: what becomes of old lines and new ones on the way."""

import re
from collections.abc import Callable
from random import Random

from benchmarks.edit_cases import Case, Span, edit, ended, made, span
from benchmarks.edit_sources import Source

Drift = Callable[[Random, Span], tuple[str, str] | None]
_INDENT = re.compile(r"^[ \t]*")
_SMART = str.maketrans({"'": "\u2019", '"': "\u201d"})


def drifting(drift: Drift) -> Callable[[Random, Source], Case | None]:
    """Cases of one kind of drift; none where it would leave the text as it is."""

    def case(random: Random, source: Source) -> Case | None:
        meant = span(random, source)
        texts = drift(random, meant)
        if texts is None or texts[0] == "\n".join(meant.olds):
            return None
        return made(meant, edit(source, *texts))

    return case


def each_line(change: Callable[[str], str]) -> Drift:
    """The same for every line, old and new."""
    return lambda _, span: (
        "\n".join(map(change, span.olds)),
        "\n".join(map(change, span.news)),
    )


def kept_lines(change: Callable[[Random, str], str]) -> Drift:
    """Lines that stay are copied wrongly, the same in old and new; what is written is right."""

    def drift(random: Random, span: Span) -> tuple[str, str]:
        copied = {line: change(random, line) for line in span.olds}
        news = [
            line if number in span.touched else copied.get(line, line)
            for number, line in enumerate(span.news)
        ]
        return "\n".join(copied[line] for line in span.olds), "\n".join(news)

    return drift


def trailing(random: Random, line: str) -> str:
    """Blanks behind some lines."""
    return line + random.choice(("", " ", "  ", "\t"))


def spread(random: Random, line: str) -> str:
    """Two blanks for one within a line."""
    indent = _indent_of(line)
    body = line[len(indent) :]
    return indent + (body.replace(" ", "  ", 1) if random.random() < 0.7 else body)


def tightened(_: Random, line: str) -> str:
    """No blanks around signs."""
    indent = _indent_of(line)
    return indent + re.sub(r" ?([=<>+|,:]) ", r"\1", line[len(indent) :])


def unindented(line: str) -> str:
    """No indentation at all."""
    return line.lstrip()


def no_break(line: str) -> str:
    """No-break spaces for the spaces within a line."""
    indent = _indent_of(line)
    return indent + line[len(indent) :].replace(" ", "\u00a0")


def smart(line: str) -> str:
    """Typographic quotes for plain ones."""
    return line.translate(_SMART)


def tabs_for_spaces(line: str) -> str:
    """A tab for each step of the indentation."""
    indent = _indent_of(line)
    if "\t" in indent or len(indent) % 2:
        return line
    return "\t" * (len(indent) // (4 if len(indent) % 4 == 0 else 2)) + line[len(indent) :]


def spaces_for_tabs(line: str) -> str:
    """Four spaces for each tab that it begins with."""
    indent = _indent_of(line)
    return indent.replace("\t", "    ") + line[len(indent) :]


def shifted_in(line: str) -> str:
    """One step deeper."""
    return f"    {line}" if line.strip() else line


def shifted_out(_: Random, span: Span) -> tuple[str, str] | None:
    """As far to the left as the lines go together."""
    depth = min(len(_indent_of(line)) for line in span.olds + span.news if line.strip())
    if not depth:
        return None
    return "\n".join(line[depth:] for line in span.olds), "\n".join(
        line[depth:] for line in span.news
    )


def first_line_stripped(_: Random, span: Span) -> tuple[str, str] | None:
    """The first line without its indentation, and a blank behind it that forbids an exact find."""
    if span.olds[0] != span.news[0]:
        return None
    old, new = [*span.olds], [*span.news]
    old[0] = new[0] = f"{old[0].lstrip()} "
    return "\n".join(old), "\n".join(new)


def blanks_dropped(_: Random, span: Span) -> tuple[str, str]:
    """No blank lines, in old and new alike."""
    return "\n".join(line for line in span.olds if line.strip()), "\n".join(
        line for line in span.news if line.strip()
    )


def blanks_added(random: Random, span: Span) -> tuple[str, str] | None:
    """A blank line more between two that stay."""
    stay = [
        at
        for at in range(1, len(span.olds))
        if span.olds[at - 1 : at + 1] == span.news[at - 1 : at + 1]
    ]
    if not stay:
        return None
    at = random.choice(stay)
    old, new = [*span.olds], [*span.news]
    old.insert(at, "")
    new.insert(at, "")
    return "\n".join(old), "\n".join(new)


def blanks_around(_: Random, span: Span) -> tuple[str, str]:
    """Blank lines before and behind that are not there."""
    return "\n\n" + "\n".join(span.olds) + "\n\n\n", "\n\n" + "\n".join(span.news) + "\n\n\n"


def other_ends(random: Random, source: Source) -> Case:
    """LF for a file of CRLF, or the other way round."""
    meant = span(random, source)
    end, said = random.choice((("\r\n", "\n"), ("\n", "\r\n"), ("\r", "\n")))
    old, new = said.join(meant.olds), said.join(meant.news)
    name = source.name
    before, after = ended(source.text, end), ended(meant.after(), end)
    return Case({name: before}, edit(source, old, new), {name: after})


def numbered(form: str) -> Drift:
    """The numbers of lines as a tool shows them, in old and new."""

    def drift(_: Random, span: Span) -> tuple[str, str]:
        return _counted(form, span.first, span.olds), _counted(form, span.first, span.news)

    return drift


def fenced(random: Random, span: Span) -> tuple[str, str]:
    """A Markdown fence around both."""
    word = random.choice(("", span.source.language.lower()))

    def fenced(some: list[str]) -> str:
        return f"```{word}\n" + "\n".join(some) + "\n```"

    return fenced(span.olds), fenced(span.news)


def escaped(_: Random, span: Span) -> tuple[str, str] | None:
    """Encoded once too often: no line ends, and backslashes before quotes."""
    return _encoded("\n".join(span.olds)), _encoded("\n".join(span.news))


def quotes_escaped(_: Random, span: Span) -> tuple[str, str] | None:
    """Line ends as they are, and a backslash before each quote."""
    old, new = "\n".join(span.olds), "\n".join(span.news)
    return old.replace('"', '\\"'), new.replace('"', '\\"')


def as_entities(_: Random, span: Span) -> tuple[str, str]:
    """As HTML writes signs."""
    return _as_html("\n".join(span.olds)), _as_html("\n".join(span.news))


def _counted(form: str, first: int, lines: list[str]) -> str:
    return "\n".join(form.format(first + 1 + at) + line for at, line in enumerate(lines))


def _encoded(text: str) -> str:
    marks = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", '"': '\\"'}
    return "".join(marks.get(sign, sign) for sign in text)


def _as_html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _indent_of(line: str) -> str:
    found = _INDENT.match(line)
    return found[0] if found else ""
