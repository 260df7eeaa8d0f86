"""Columns for a terminal."""

from collections.abc import Sequence

from steward.cli.paint import screen_width

_LEAST = 12
"""A column of prose gets no narrower."""


def table(
    rows: Sequence[Sequence[str]], *, are_numbers: bool = True, width: int | None = None
) -> str:
    """The rows, the first of them the heads, each column as wide as its widest cell.

    The first column stands to the left. So do the others, unless `are_numbers`. On a terminal, or
    with a `width`, columns of prose give way until the rest fits: an id is never cut.
    """
    plain = [[_visible(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*plain, strict=True)]
    _narrow(plain, widths, width or screen_width())
    return "".join(
        "  ".join(
            _fit(cell, width, is_right=are_numbers and column > 0)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        + "\n"
        for row in plain
    )


def _narrow(rows: list[list[str]], widths: list[int], most: int | None) -> None:
    """Take from the widest column of prose what is too much, as far as there is one."""
    if most is None:
        return
    prose = [
        column
        for column in range(len(widths))
        if any(cell.count(" ") > 2 for row in rows[1:] for cell in (row[column],))
    ]
    while prose and (over := sum(widths) + 2 * (len(widths) - 1) - most) > 0:
        widest = max(prose, key=widths.__getitem__)
        least = max(_LEAST, len(rows[0][widest]))
        if widths[widest] <= least:
            return
        second = max((widths[each] for each in prose if each != widest), default=0)
        step = max(1, min(over, widths[widest] - max(second, least)))
        widths[widest] -= step


def _fit(cell: str, width: int, *, is_right: bool) -> str:
    if len(cell) > width:
        cell = f"{cell[: width - 1]}…"
    return cell.rjust(width) if is_right else cell.ljust(width)


def _visible(cell: str) -> str:
    """Without anything that a terminal would obey."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in cell)
