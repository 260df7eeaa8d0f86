"""An agent's conversation within a number of tokens: what is old gets shorter, what counts stays.

Nothing is summed up by a model and nothing is made up: the same turns always give the same
conversation. What a person said is never shortened, nor is anything short. The oldest results lose
their middle first, then all but a note; calls keep their results, as providers demand. Where that
does not suffice, the oldest turns are left out, and a record of what was decided and done in them
takes their place (`record`), with the instructions that they found.

Shortening changes the beginning of the conversation, which a provider's cache then does not know
any more. So it is done seldom and then by half of the room, and a turn that was shortened once is
sent in the same words from then on.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import cast

from steward.context.block import Frame
from steward.context.instructions.instruction import Instruction
from steward.context.record import Record, record_of
from steward.context.tokens import count
from steward.context.turn import Turn
from steward.workspace.lines import split_lines

_SHORT_CHARS = 400
"""What is not longer is not shortened: there is nothing to win."""
_HEAD_LINES, _TAIL_LINES = 8, 12
_LINE_CHARS_MAX = 200
_ROOM_AFTER = 0.5
"""The part of the room that shortening leaves in use."""
_MESSAGE_TOKENS = 8
"""About what a provider adds to each message."""
_RESULT_TOKENS = 48
"""About what the frame around a result takes."""
_RECORD_TOKENS = 3 * _MESSAGE_TOKENS
_ANY_FRAME = Frame.of_run("")
"""All frames take as much."""
_LEAST_CHARS = 80
"""So much of a text is left in the narrowest room."""
_NOTE = "(left out to save room; call the tool again if you need it)"


@dataclass(frozen=True, slots=True)
class Conversation:
    """The turns as they are shown."""

    record: Record | None
    """What was decided and done in the turns that are left out; None where none is."""
    instructions: tuple[Instruction, ...]
    """Those that the turns left out had found."""
    turns: tuple[Turn, ...]
    shortened: int = 0
    """Of the turns shown, how many are not whole."""
    left_out: int = 0
    is_shorter_now: bool = False
    """Whether the last turn was the one that made shortening necessary."""


def compacted(turns: Sequence[Turn], room_tokens: int) -> Conversation:
    """The turns, the older ones shortened where all together take more than `room_tokens`.

    They fit into every room that is at least `room_min` of them.
    """
    if sum(map(_bytes, turns)) <= room_tokens:
        return Conversation(None, (), tuple(turns))  # No text has more tokens than bytes.
    state = _Shown(turns, room_tokens)
    for number in range(len(turns)):
        state.add(number)
    shown = tuple(state.shown)
    return Conversation(
        state.record,
        tuple(each for turn in turns[: state.first] for each in turn.instructions),
        shown,
        sum(ours != whole for ours, whole in zip(shown, turns[state.first :], strict=True)),
        state.first,
        state.is_shorter_now,
    )


def room_min(turns: Sequence[Turn]) -> int:
    """The tokens into which the turns can always be brought: what must stay, and one turn."""
    kept = sum(_instructions_tokens(turn) for turn in turns)
    largest = max((_tokens(_narrowest(turn)) for turn in turns), default=0)
    return _record_tokens(record_of(turns)) + kept + largest


@dataclass(slots=True)
class _Shown:
    """A conversation as it grows, turn by turn: what was shortened once stays as it was said."""

    turns: Sequence[Turn]
    room: int
    shown: list[Turn] = field(default_factory=list[Turn])
    """From the turn `first` on."""
    first: int = 0
    record: Record | None = None
    kept: int = 0
    """Tokens of the record, and of the instructions that the turns left out had found."""
    used: int = 0
    is_shorter_now: bool = False
    newest: dict[tuple[str, str, str], int] = field(default_factory=dict[tuple[str, str, str], int])

    def add(self, number: int) -> None:
        """Take the next turn, and make room if there is none."""
        turn = self.turns[number]
        self.shown.append(turn)
        self.newest |= dict.fromkeys(_wholes(turn), number)
        self.used += _tokens(turn)
        self.is_shorter_now = self.used + self.kept > self.room
        if not self.is_shorter_now:
            return
        after = int(self.room * _ROOM_AFTER)
        self._shorten(after)
        self._leave_out(after)
        if self.used + self.kept > self.room:
            rest = self.room - self.kept - (self.used - _tokens(turn))
            self._put(-1, _squeezed(turn, rest))

    def _shorten(self, room: int) -> None:
        """Shorten the oldest turns, never the last, until the room suffices."""
        for is_whole_gone in (False, True):
            for index in range(len(self.shown) - 1):
                if self.used + self.kept <= room:
                    return
                number = self.first + index
                again = {key for key, at in self.newest.items() if at > number}
                shorter = _shorter(self.turns[number], again, is_whole_gone=is_whole_gone)
                # What was shortened further before stays as it was said then.
                if _tokens(shorter) < _tokens(self.shown[index]):
                    self._put(index, shorter)

    def _leave_out(self, room: int) -> None:
        """Leave out the oldest turns, never the last, until the room suffices."""
        while self.used + self.kept > room and len(self.shown) > 1:
            self.used -= _tokens(self.shown.pop(0))
            self.first += 1
            gone = self.turns[: self.first]
            self.record = record_of(gone)
            self.kept = _record_tokens(self.record) + sum(map(_instructions_tokens, gone))

    def _put(self, index: int, turn: Turn) -> None:
        self.used += _tokens(turn) - _tokens(self.shown[index])
        self.shown[index] = turn


def _shorter(turn: Turn, again: set[tuple[str, str, str]], *, is_whole_gone: bool) -> Turn:
    results = list(turn.results)
    for index, key in enumerate(_wholes(turn)):
        result = results[index]
        if len(result) <= _SHORT_CHARS or turn.origin(index) == "person":
            continue
        if key in again:
            results[index] = "(the same as the newer result of this call, below)"
        else:
            results[index] = _NOTE if is_whole_gone else _middle_left_out(result)
    calls = tuple(replace(call, arguments=_short_arguments(call.arguments)) for call in turn.calls)
    return replace(turn, calls=calls, results=tuple(results))


def _squeezed(turn: Turn, room: int) -> Turn:
    """The newest turn where it alone is too large: each result gets its part of the room."""
    chars = max(2 * _SHORT_CHARS, 2 * room // max(1, len(turn.results)))
    squeezed = _each_cut(turn, chars)
    if _tokens(squeezed) <= room:
        return squeezed
    calls = tuple(replace(call, arguments=_short_arguments(call.arguments)) for call in turn.calls)
    while chars > _LEAST_CHARS and _tokens(squeezed) > room:
        chars = max(_LEAST_CHARS, chars // 2)
        squeezed = _each_cut(replace(turn, calls=calls, text=_cut(turn.text, chars)), chars)
    return squeezed if _tokens(squeezed) <= room else _narrowest(turn)


def _narrowest(turn: Turn) -> Turn:
    """The least that a turn can be: that there were calls, and what a person said."""
    calls = tuple(
        replace(call, arguments=call.arguments)
        if len(call.arguments) <= _LEAST_CHARS
        else replace(call, arguments='{"left_out": "to save room"}')
        for call in turn.calls
    )
    least = replace(turn, text=_cut(turn.text, _LEAST_CHARS), calls=calls)
    return _each_cut(least, _LEAST_CHARS)


def _each_cut(turn: Turn, chars: int) -> Turn:
    return replace(
        turn,
        results=tuple(
            result if turn.origin(index) == "person" else _cut(result, chars)
            for index, result in enumerate(turn.results)
        ),
    )


def _middle_left_out(text: str) -> str:
    lines = [
        line if len(line) <= _LINE_CHARS_MAX else f"{line[:_LINE_CHARS_MAX]}…\n"
        for line in split_lines(text)
    ]
    left_out = len(lines) - _HEAD_LINES - _TAIL_LINES
    if left_out <= 0:
        return "".join(lines)
    head, tail = "".join(lines[:_HEAD_LINES]), "".join(lines[-_TAIL_LINES:])
    return f"{head}(left out {left_out} lines; call the tool again for them)\n{tail}"


def _cut(text: str, chars: int) -> str:
    if len(text) <= chars:
        return text
    left_out = len(text) - chars
    half = chars // 2
    return f"{text[:half]}\n(left out {left_out} characters; ask for less at once)\n{text[-half:]}"


def _short_arguments(arguments: str) -> str:
    """A call's arguments without long texts in them; JSON stays JSON."""
    if len(arguments) <= _SHORT_CHARS:
        return arguments
    try:
        return json.dumps(_without_long(json.loads(arguments)), ensure_ascii=False)
    except (ValueError, RecursionError):
        return json.dumps({"left_out": f"{len(arguments)} characters that were no JSON"})


def _without_long(value: object) -> object:
    match value:
        case str() if len(value) > _SHORT_CHARS:
            return f"(left out {len(value)} characters)"
        case list():
            return [_without_long(each) for each in cast("list[object]", value)]
        case dict():
            items = cast("dict[str, object]", value).items()
            return {name: _without_long(each) for name, each in items}
        case _:
            return value


def _wholes(turn: Turn) -> list[tuple[str, str, str]]:
    """Each call with its whole result, to find the same again."""
    return [
        (call.name, call.arguments, result)
        for call, result in zip(turn.calls, turn.results, strict=True)
    ]


def _texts(turn: Turn) -> list[str]:
    names = (call.name for call in turn.calls)
    arguments = (call.arguments for call in turn.calls)
    return [turn.text, *names, *arguments, *turn.results]


def _bytes(turn: Turn) -> int:
    texts = [*_texts(turn), *(each.text for each in turn.instructions)]
    size = sum(
        len(text) if text.isascii() else len(text.encode("utf-8", "replace")) for text in texts
    )
    return size + _around(turn) + _MESSAGE_TOKENS * len(turn.instructions)


def _tokens(turn: Turn) -> int:
    return sum(map(_count, _texts(turn))) + _around(turn) + _instructions_tokens(turn)


def _around(turn: Turn) -> int:
    """About what stands around a turn's texts."""
    return _MESSAGE_TOKENS * (1 + 2 * len(turn.calls)) + _RESULT_TOKENS * len(turn.results)


def _instructions_tokens(turn: Turn) -> int:
    if not turn.instructions:
        return 0
    around = 2 * _RESULT_TOKENS
    return sum(_count(each.text) + _count(each.path) + around for each in turn.instructions)


def _record_tokens(record: Record) -> int:
    return _count(record.message(_ANY_FRAME)) + _RECORD_TOKENS


@lru_cache(maxsize=2048)
def _count(text: str) -> int:
    """Tokens of a text that is sent again with every turn."""
    return count(text)
