"""What a rewritten text changes: the smallest changes, by lines and then within a line."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

from steward.completion.next_edit.change import Change, common_ends
from steward.completion.next_edit.offered import Candidate
from steward.workspace.lines import Place, behind, split_lines


def changes_between(old: str, new: str, first_line: int) -> tuple[Change, ...]:
    """The changes that make `old`, which begins on a line of a document, into `new`.

    Each is for the text as it is now: making one of them moves those below it.
    """
    olds, news = split_lines(old), split_lines(new)
    # Without its rule of thumb, which leaves out lines that are frequent: brackets, blank lines.
    matcher = SequenceMatcher(None, olds, news, autojunk=False)
    return tuple(
        narrowed
        for tag, start, end, new_start, new_end in matcher.get_opcodes()
        if tag != "equal"
        for change in _of_lines(first_line + start, olds[start:end], news[new_start:new_end])
        if not (narrowed := _to_words(change)).is_done
    )


def whole_lines(change: Change, text: str, first_line: int) -> tuple[str, str]:
    """The lines of a text that a change touches, as they are and as they would be.

    The text begins on a line of the document that the change is for.
    """
    lines = split_lines(text)
    first, last = change.start[0] - first_line, change.end[0] - first_line
    tail = lines[last][change.end[1] :] if last < len(lines) else ""
    head = lines[first][: change.start[1]] if first < len(lines) else ""
    return "".join(lines[first : last + 1]), head + change.inserted + tail


def nearest(candidates: Iterable[Candidate], place: Place) -> list[Candidate]:
    """The candidates, that nearest to a place first."""
    line, column = place

    def distance(each: Candidate) -> tuple[int, int]:
        return abs(each.change.start[0] - line), abs(each.change.start[1] - column)

    return sorted(candidates, key=distance)


def _to_words(change: Change) -> Change:
    """The same without what is equal at both ends, but with whole words: people read it."""
    old, new = change.removed, change.inserted
    head, tail = common_ends(old, new)
    while head and _is_word(old[head - 1]) and _is_word(old[head:], new[head:]):
        head -= 1
    while tail and _is_word(old[-tail]) and _is_word(old[-tail - 1 :], new[-tail - 1 :]):
        tail -= 1
    return Change(
        behind(change.start, old[:head]), old[head : len(old) - tail], new[head : len(new) - tail]
    )


def _is_word(*characters: str) -> bool:
    """Whether one of these characters belongs to a word."""
    return any(each[:1].isalnum() or each[:1] == "_" for each in characters)


def _of_lines(line: int, olds: Sequence[str], news: Sequence[str]) -> Iterator[Change]:
    """The changes of some lines: line by line where there are as many as before."""
    if len(olds) == len(news):
        for number, (old, new) in enumerate(zip(olds, news, strict=True)):
            yield Change((line + number, 0), old, new)
    else:
        yield Change((line, 0), "".join(olds), "".join(news))
