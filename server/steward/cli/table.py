"""Columns for a terminal."""

from collections.abc import Sequence


def table(rows: Sequence[Sequence[str]], *, are_numbers: bool = True) -> str:
    """The rows, the first of them the heads, each column as wide as its widest cell.

    The first column stands to the left. So do the others, unless `are_numbers`.
    """
    plain = [[_visible(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*plain, strict=True)]
    return "".join(
        "  ".join(
            cell.rjust(width) if are_numbers and column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        + "\n"
        for row in plain
    )


def _visible(cell: str) -> str:
    """Without anything that a terminal would obey."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in cell)
