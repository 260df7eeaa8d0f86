"""What an oracle model answers: the truth, and then too much, in the ways that models have."""

import re
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Literal, get_args

from benchmarks.holes import Cut

Overrun = Literal[
    "none",
    "following lines",
    "changed lines",
    "runaway function",
    "brackets again",
    "fence",
    "echo",
]
OVERRUNS: tuple[Overrun, ...] = get_args(Overrun)
_LINES_MAX = 12
_NAME = re.compile(r"\b[A-Za-z_]\w{2,}\b")
_SPACED = re.compile(r"(?<=[\w)\]\"'])( ?)(==|!=|<=|>=|:=|\+=|=|,|\+|<|>)( ?)(?=[\w(\[\"'])")
_KEYWORDS = frozenset(
    """
    and async await break case catch class const continue def default defer elif else except export
    extends finally for from func function import interface lambda let map new nil none not null
    package pass raise range return self string struct super switch this throw true try type typeof
    undefined var void while with yield True False None err int bool error
    """.split()  # noqa: SIM905 - A list of sixty words reads worse.
)
_OPENERS = ("{", "(", "[", ":", ",")
_AFTERWORD = "\n\nThis keeps the behaviour of the surrounding code and handles the usual cases."


def answers(cut: Cut, functions: Sequence[str], random: Random) -> dict[Overrun, str]:
    """What the oracle writes into a hole, by kind; kinds that make no sense there are missing.

    `functions`: others of the same language, any of which a model may run away with.
    """
    found: dict[Overrun, str] = {"none": cut.truth}
    for kind, write in _WRITERS.items():
        if (answer := write(cut, functions, random)) is not None:
            found[kind] = answer
    return found


def _following(cut: Cut, _functions: Sequence[str], random: Random) -> str | None:
    rest = _rest(cut, random.randint(1, _LINES_MAX))
    return cut.truth + rest if rest.strip() else None


def _changed(cut: Cut, _functions: Sequence[str], random: Random) -> str | None:
    """The next lines with one name changed everywhere, or with other spacing."""
    rest = _rest(cut, random.randint(2, _LINES_MAX))
    names = sorted(set(_NAME.findall(rest)) - _KEYWORDS)
    if random.random() < 0.5 and names:
        name = random.choice(names)
        changed = re.sub(rf"\b{name}\b", f"{name}_2", rest)
    else:
        changed = _SPACED.sub(_respaced, rest)
    is_told = changed != rest and sum(bool(line.strip()) for line in rest.split("\n")) > 1
    return cut.truth + changed if is_told else None


def _respaced(found: re.Match[str]) -> str:
    sign = found.group(2)
    if found.group(1) or found.group(3):
        return sign
    return f"{sign} " if sign == "," else f" {sign} "


def _runaway(cut: Cut, functions: Sequence[str], random: Random) -> str | None:
    """Out of the block, and on with a function that is not there."""
    if not functions or (cut.kind == "rest of a line" and cut.truth.endswith(_OPENERS)):
        return None
    function = random.choice(functions)
    blank = _blank(cut)[: cut.function_column]
    written = "\n".join(blank + line if line else line for line in function.split("\n"))
    return cut.truth + cut.cursor.line_after + _closed(cut) + "\n\n" + written


def _closed(cut: Cut) -> str:
    """The brackets that a model closes on its way out of the function."""
    if cut.language == "python":
        return ""
    lines: list[str] = []
    line_before = cut.cursor.line_before
    depth = len(line_before) - len(line_before.lstrip()) + bool(line_before.strip())
    for line in cut.cursor.after.split("\n")[1:]:
        indent = len(line) - len(line.lstrip())
        if line.strip().startswith("}") and indent < depth:
            lines.append(line[:indent] + "}")
            depth = indent
        if depth <= cut.function_column:
            break
    return "".join(f"\n{line}" for line in lines)


def _brackets(cut: Cut, _functions: Sequence[str], random: Random) -> str | None:
    if cut.kind == "call":
        return cut.truth + ")" * random.randint(1, 2)
    if cut.language == "python" or cut.kind == "rest of a line":
        return None
    closers = _closed(cut).split("\n")[1:]
    if not closers:
        return None
    return "\n".join([cut.truth, *closers[: random.randint(1, len(closers))]])


def _fence(cut: Cut, _functions: Sequence[str], random: Random) -> str:
    truth = cut.truth if cut.truth.startswith("\n") else "\n" + cut.truth
    name = random.choice(["", cut.language])
    return f"```{name}{truth}\n```" + random.choice(["", "\n", _AFTERWORD])


def _echo(cut: Cut, _functions: Sequence[str], _random: Random) -> str | None:
    line_before = cut.cursor.line_before
    if line_before.strip():
        return line_before.lstrip() + cut.truth
    lines = [line for line in cut.cursor.before.split("\n")[:-1] if line.strip()]
    if not lines or not any(map(str.isalnum, lines[-1])):
        return None
    return f"{lines[-1].strip()}\n{line_before}{cut.truth}"


def _rest(cut: Cut, lines: int) -> str:
    """The document's own text from the hole on: the line's rest and so many lines."""
    return "\n".join(cut.cursor.after.split("\n")[: lines + 1]).rstrip()


def _blank(cut: Cut) -> str:
    lines = cut.cursor.before.split("\n")
    indents = [line[: len(line) - len(line.lstrip())] for line in lines]
    return max(reversed(indents[-40:]), key=len, default="")


_WRITERS: Mapping[Overrun, Callable[[Cut, Sequence[str], Random], str | None]] = {
    "following lines": _following,
    "changed lines": _changed,
    "runaway function": _runaway,
    "brackets again": _brackets,
    "fence": _fence,
    "echo": _echo,
}
