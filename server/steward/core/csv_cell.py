"""Texts in a CSV file, which a spreadsheet must show and not run."""

_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula begins with, and the wide forms that some spreadsheets take for the same."""
_BEFORE = ("\t", "\r", "\n")
"""What a spreadsheet passes over on its way to a formula, or takes for the cell's end."""


def plain_cell(cell: object) -> object:
    """The cell as a spreadsheet shows it; a text that begins as a formula does would be run."""
    if not isinstance(cell, str):
        return "" if cell is None else cell
    is_risky = cell.startswith(_BEFORE) or cell.lstrip().startswith(_FORMULA)
    return f"'{cell}" if is_risky else cell
