"""The kinds of edits that models write, right and wrong, each a maker of cases."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from benchmarks import edit_drift as drift
from benchmarks.edit_cases import Case, Group, Span, edit, ended, made, span
from benchmarks.edit_sources import Source

_BOM = b"\xef\xbb\xbf"
_LONG = 20_000


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to write an edit."""

    name: str
    group: Group
    make: Callable[[Random, Source], Case | None]


def _plain(random: Random, source: Source) -> Case:
    meant = span(random, source)
    return made(meant, edit(source, "\n".join(meant.olds), "\n".join(meant.news)))


def _in_bytes(change: Callable[[str], bytes]) -> Callable[[Random, Source], Case]:
    """The same edit in a file whose bytes are otherwise."""

    def case(random: Random, source: Source) -> Case:
        meant = span(random, source)
        arguments = edit(source, "\n".join(meant.olds), "\n".join(meant.news))
        name = source.name
        return Case({name: change(source.text)}, arguments, {name: change(meant.after())})

    return case


def _mixed_ends(random: Random, source: Source) -> Case:
    meant = span(random, source)
    lines, last = source.lines, meant.first + len(meant.olds)
    ends = [random.choice(("\n", "\r\n")) for _ in lines]
    ends[meant.first : last] = [ends[meant.first]] * len(meant.olds)
    head = "".join(map(str.__add__, lines[: meant.first], ends))
    tail = "".join(map(str.__add__, lines[last:], ends[last:]))
    old, new = (
        "".join(line + ends[meant.first] for line in some) for some in (meant.olds, meant.news)
    )
    arguments = edit(source, "\n".join(meant.olds), "\n".join(meant.news))
    name = source.name
    before, after = (head + old + tail).encode(), (head + new + tail).encode()
    return Case({name: before}, arguments, {name: after})


def _part_of_a_line(random: Random, source: Source) -> Case:
    words = [word for word in source.text.split() if source.text.count(word) == 1]
    word = random.choice(words)
    name, after = source.name, source.text.replace(word, "changed")
    return Case({name: source.text.encode()}, edit(source, word, "changed"), {name: after.encode()})


def _everywhere(random: Random, source: Source) -> Case:
    words = [word for word in source.text.split() if source.text.count(word) > 1]
    word = random.choice(words)
    name, after = source.name, source.text.replace(word, "changed")
    arguments = edit(source, word, "changed", replace_all=True)
    return Case({name: source.text.encode()}, arguments, {name: after.encode()})


def _two_spans(random: Random, source: Source) -> tuple[Span, Span] | None:
    one, other = sorted((span(random, source), span(random, source)), key=lambda each: each.first)
    return (one, other) if one.first + len(one.olds) + 1 < other.first else None


def _after_both(one: Span, other: Span) -> str:
    lines = other.after().removesuffix("\n").split("\n")
    lines[one.first : one.first + len(one.olds)] = one.news
    return "\n".join(lines) + "\n"


def _several(tool: str) -> Callable[[Random, Source], Case | None]:
    def case(random: Random, source: Source) -> Case | None:
        both = _two_spans(random, source)
        if both is None:
            return None
        pairs = [("\n".join(each.olds), "\n".join(each.news)) for each in both]
        files, expected = {source.name: source.text.encode()}, _after_both(*both).encode()
        if tool == "edit_file":
            edits = [{"old_text": old, "new_text": new} for old, new in reversed(pairs)]
            given: dict[str, object] = {"path": source.name, "edits": edits}
            return Case(files, given, {source.name: expected})
        changes: list[dict[str, str]] = [
            {"do": "edit", "path": source.name, "old_text": old, "new_text": new}
            for old, new in pairs
        ]
        changes.append({"do": "create", "path": f"new/{source.name}", "text": source.text})
        return Case(
            files,
            {"changes": changes},
            {source.name: expected, f"new/{source.name}": source.text.encode()},
            "change_files",
        )

    return case


def _whole(wrap: str = "") -> Callable[[Random, Source], Case | None]:
    def case(random: Random, source: Source) -> Case | None:
        if wrap and source.language == "Markdown":
            return None
        meant = span(random, source)
        text = wrap.replace("TEXT", meant.after()) if wrap else meant.after()
        return made(meant, {"path": source.name, "text": text})

    return case


def _long_line(random: Random, source: Source) -> Case:
    word = f"needle{random.randint(0, 999)}"
    filler = " ".join(random.choices(("alpha", "beta", "gamma"), k=_LONG // 6))
    text = f"{filler} {word} {filler}\n{source.text}"
    name, after = source.name, text.replace(word, "changed")
    return Case({name: text.encode()}, edit(source, word, "changed"), {name: after.encode()})


def _diff_of(before: str, after: str, context: int = 3) -> list[str]:
    olds, news = (text.splitlines(keepends=True) for text in (before, after))
    return list(difflib.unified_diff(olds, news, "a/store", "b/store", n=context))


def _diff(change: Callable[[Random, list[str]], list[str]]) -> Callable[[Random, Source], Case]:
    """A diff of two hunks where there are two places, written as models write it."""

    def case(random: Random, source: Source) -> Case:
        both = _two_spans(random, source)
        one = span(random, source)
        after = _after_both(*both) if both else one.after()
        lines = change(random, _diff_of(source.text, after))
        name = source.name
        arguments = {"path": name, "diff": "".join(lines)}
        return Case({name: source.text.encode()}, arguments, {name: after.encode()})

    return case


def _wrong_numbers(random: Random, lines: list[str]) -> list[str]:
    return [
        f"@@ -{random.randint(1, 200)},{random.randint(1, 9)} +{random.randint(1, 200)},4 @@\n"
        if line.startswith("@@")
        else line
        for line in lines
    ]


def _bare_heads(_: Random, lines: list[str]) -> list[str]:
    return ["@@\n" if line.startswith("@@") else line for line in lines[2:]]


def _no_marks(_: Random, lines: list[str]) -> list[str]:
    return lines[:2] + [line.removeprefix(" ") for line in lines[2:]]


def _no_mark_on_blanks(_: Random, lines: list[str]) -> list[str]:
    return ["\n" if line == " \n" else line for line in lines]


def _in_a_fence(_: Random, lines: list[str]) -> list[str]:
    return ["```diff\n", *lines, "```\n"]


def _in_an_envelope(_: Random, lines: list[str]) -> list[str]:
    heads = ["@@\n" if line.startswith("@@") else line for line in lines[2:]]
    return ["*** Begin Patch\n", "*** Update File: store\n", *heads, "*** End Patch\n"]


def _grown_above(random: Random, source: Source) -> Case:
    """The file has got lines above since the diff was made."""
    meant = span(random, source)
    lines = _diff_of(source.text, meant.after())
    head = "".join(f"grown {at}\n" for at in range(random.randint(1, 30)))
    name = source.name
    files = {name: (head + source.text).encode()}
    return Case(
        files,
        {"path": name, "diff": "".join(lines)},
        {name: (head + meant.after()).encode()},
    )


def _context_changed(random: Random, source: Source) -> Case | None:
    """A line beside what is changed has another word in the file by now."""
    meant = span(random, source, 4)
    stay = [at for at in (0, len(meant.olds) - 1) if meant.olds[at] in meant.news]
    if not stay:
        return None
    at = random.choice(stay)
    words = meant.olds[at].split()
    word = random.choice(words)
    there = meant.olds[at].replace(word, f"{word}s", 1)
    text, after = source.lines, meant.after().removesuffix("\n").split("\n")
    text[meant.first + at] = there
    new_at = meant.first + at + (len(meant.news) - len(meant.olds) if at else 0)
    if (
        after[new_at] != meant.olds[at]
        or abs(new_at - meant.first - min(meant.touched, default=0)) < 2
    ):
        return None
    after[new_at] = there
    arguments = edit(source, "\n".join(meant.olds), "\n".join(meant.news))
    name = source.name
    return Case(
        {name: ("\n".join(text) + "\n").encode()},
        arguments,
        {name: ("\n".join(after) + "\n").encode()},
    )


def _twice(random: Random, source: Source) -> Case:
    """Two places that are the same to the letter."""
    meant = span(random, source)
    text = source.text + "\n" + source.text
    first, second = meant.first + 1, meant.first + 2 + len(source.lines)
    arguments = edit(source, "\n".join(meant.olds), "\n".join(meant.news))
    return Case({source.name: text.encode()}, arguments, None, says=(f"{first}, {second}",))


def _twice_drifted(random: Random, source: Source) -> Case | None:
    """Two places, and a copy that is like neither to the letter."""
    case = _twice(random, source)
    meant = span(random, source)
    old, new = (
        "\n".join(f"   {line}  " if line.strip() else line for line in some)
        for some in (meant.olds, meant.news)
    )
    first, second = meant.first + 1, meant.first + 2 + len(source.lines)
    return Case(case.files, edit(source, old, new), None, says=(f"{first}, {second}",))


def _diff_twice(random: Random, source: Source) -> Case:
    """A hunk that fits twice, with a number that points at one."""
    meant = span(random, source)
    text = source.text + "\n" + source.text
    lines = _diff_of("\n".join(meant.olds) + "\n", "\n".join(meant.news) + "\n")
    first = meant.first + 1
    lines[2] = f"@@ -{first},{len(meant.olds)} +{first},{len(meant.news)} @@\n"
    given = {"path": source.name, "diff": "".join(lines)}
    return Case({source.name: text.encode()}, given, None, says=("fits at lines",))


def _overlapping(random: Random, source: Source) -> Case:
    meant = span(random, source, 4)
    old, new = "\n".join(meant.olds[:3]), "changed one"
    other = "\n".join(meant.olds[1:])
    files = {source.name: source.text.encode()}
    edits = [
        {"old_text": f"{old}\n", "new_text": f"{new}\n"},
        {"old_text": f"{other}\n", "new_text": "changed two\n"},
    ]
    # One of them may stand elsewhere too, and then that is said.
    return Case(files, {"path": source.name, "edits": edits}, None, says=("Edit",))


def _elided(*, in_old: bool) -> Callable[[Random, Source], Case]:
    def case(random: Random, source: Source) -> Case:
        meant = span(random, source, 4)
        mark = random.choice(("# ... existing code ...", "// ... rest unchanged ...", "..."))
        short = [meant.olds[0], mark, meant.olds[-1]]
        old = short if in_old else meant.olds
        new = ["changed", *short[1:]] if mark != "..." or in_old else ["# ... rest ..."]
        arguments = edit(source, "\n".join(old), "\n".join(new))
        return Case({source.name: source.text.encode()}, arguments, None)

    return case


def _elsewhere(random: Random, source: Source) -> Case:
    """Lines of which two words are others in the file: nobody knows what was meant."""
    meant = span(random, source, 2, 3)
    at = min(meant.touched, default=0)
    at = min(at, len(meant.olds) - 1)
    old = [*meant.olds]
    old[at] = f"{old[at]} and something that was never there"
    arguments = edit(source, "\n".join(old), "\n".join([*old[:at], "changed", *old[at + 1 :]]))
    return Case({source.name: source.text.encode()}, arguments, None, says=("does not occur",))


def _gone(*, as_diff: bool) -> Callable[[Random, Source], Case]:
    """The lines were taken away since, perhaps with those around; others like them are left."""

    def case(random: Random, source: Source) -> Case:
        meant = span(random, source)
        lines = source.lines
        wider = random.choice((0, 2, 6))
        low, high = max(0, meant.first - wider), meant.first + len(meant.olds) + wider
        left = [*lines[:low], *lines[high:]]
        arguments: dict[str, object] = edit(source, "\n".join(meant.olds), "\n".join(meant.news))
        if as_diff:
            diff = "".join(_diff_of(source.text, meant.after()))
            arguments = {"path": source.name, "diff": diff}
        return Case({source.name: ("\n".join(left) + "\n").encode()}, arguments, None)

    return case


def _new_file_in_a_fence(random: Random, source: Source) -> Case:
    text = f"```{source.language.lower()}\n{source.text}```\n"
    arguments = {"changes": [{"do": "create", "path": source.name, "text": text}]}
    kept = text if source.language == "Markdown" else source.text
    del random
    return Case({}, arguments, {source.name: kept.encode()}, "change_files")


def _nothing_new(random: Random, source: Source) -> Case:
    meant = "\n".join(span(random, source).olds)
    arguments = edit(source, meant, meant)
    return Case({source.name: source.text.encode()}, arguments, None, says=("would change",))


KINDS = (
    Kind("lines copied exactly", "exact", _plain),
    Kind("a part of a line", "exact", _part_of_a_line),
    Kind("every place at once", "exact", _everywhere),
    Kind("several edits in one call", "exact", _several("edit_file")),
    Kind("several files in one call", "exact", _several("change_files")),
    Kind("the whole text", "exact", _whole()),
    Kind("in a file of CRLF", "exact", _in_bytes(lambda text: ended(text, "\r\n"))),
    Kind(
        "in a file with a mark of its byte order", "exact", _in_bytes(lambda t: _BOM + t.encode())
    ),
    Kind(
        "in a file without a last line end", "exact", _in_bytes(lambda t: t.rstrip("\n").encode())
    ),
    Kind("in a file of mixed line ends", "exact", _mixed_ends),
    Kind("in a very long line", "exact", _long_line),
    Kind("a unified diff", "exact", _diff(lambda _, lines: lines)),
    Kind("blanks behind lines", "white space", drift.drifting(drift.kept_lines(drift.trailing))),
    Kind("two blanks for one", "white space", drift.drifting(drift.kept_lines(drift.spread))),
    Kind(
        "no blanks around signs", "white space", drift.drifting(drift.kept_lines(drift.tightened))
    ),
    Kind("one step deeper", "white space", drift.drifting(drift.each_line(drift.shifted_in))),
    Kind("moved to the left", "white space", drift.drifting(drift.shifted_out)),
    Kind("no indentation at all", "white space", drift.drifting(drift.each_line(drift.unindented))),
    Kind("first line not indented", "white space", drift.drifting(drift.first_line_stripped)),
    Kind("tabs for spaces", "white space", drift.drifting(drift.each_line(drift.tabs_for_spaces))),
    Kind("spaces for tabs", "white space", drift.drifting(drift.each_line(drift.spaces_for_tabs))),
    Kind("blank lines left out", "white space", drift.drifting(drift.blanks_dropped)),
    Kind("a blank line too many", "white space", drift.drifting(drift.blanks_added)),
    Kind("blank lines around", "white space", drift.drifting(drift.blanks_around)),
    Kind("other line ends", "white space", drift.other_ends),
    Kind("no-break spaces", "white space", drift.drifting(drift.each_line(drift.no_break))),
    Kind("typographic quotes", "white space", drift.drifting(drift.each_line(drift.smart))),
    Kind("numbers of lines: `12| `", "wrapping", drift.drifting(drift.numbered("{:>3}| "))),
    Kind("numbers of lines: `12<tab>`", "wrapping", drift.drifting(drift.numbered("{:>6}\t"))),
    Kind("numbers of lines: `12: `", "wrapping", drift.drifting(drift.numbered("{}: "))),
    Kind("a Markdown fence around", "wrapping", drift.drifting(drift.fenced)),
    Kind("a fence around the whole text", "wrapping", _whole("```\nTEXT```\n")),
    Kind("a fence around a new file", "wrapping", _new_file_in_a_fence),
    Kind("encoded once too often", "wrapping", drift.drifting(drift.escaped)),
    Kind("backslashes before quotes", "wrapping", drift.drifting(drift.quotes_escaped)),
    Kind("signs as HTML writes them", "wrapping", drift.drifting(drift.as_entities)),
    Kind("a diff in a fence", "wrapping", _diff(_in_a_fence)),
    Kind("a diff in a patch envelope", "wrapping", _diff(_in_an_envelope)),
    Kind("a diff with wrong numbers", "context", _diff(_wrong_numbers)),
    Kind("a diff without numbers", "context", _diff(_bare_heads)),
    Kind("a diff without the mark of what stays", "context", _diff(_no_marks)),
    Kind("a diff with empty lines for blank ones", "context", _diff(_no_mark_on_blanks)),
    Kind("a diff made before the file grew", "context", _grown_above),
    Kind("a word beside the change is another", "context", _context_changed),
    Kind("two places", "refused", _twice),
    Kind("two places, copied wrongly", "refused", _twice_drifted),
    Kind("a diff that fits twice", "refused", _diff_twice),
    Kind("edits that overlap", "refused", _overlapping),
    Kind("an old text that leaves lines out", "refused", _elided(in_old=True)),
    Kind("a new text that leaves lines out", "refused", _elided(in_old=False)),
    Kind("a line to change that is not there", "refused", _elsewhere),
    Kind("lines that are gone", "refused", _gone(as_diff=False)),
    Kind("a diff of lines that are gone", "refused", _gone(as_diff=True)),
    Kind("nothing new", "refused", _nothing_new),
)
