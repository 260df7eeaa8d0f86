"""What people take with them as rows of a spreadsheet, which runs none of it."""

import csv
import io
import json
from datetime import UTC

from steward.core.audit import AuditEntry

COLUMNS = ("seq", "at", "actor", "action", "subject", "detail", "previous_hash", "hash")
HEAD = ",".join(COLUMNS) + "\n"


def as_row(entry: AuditEntry) -> str:
    """The entry as one row of CSV."""
    out = io.StringIO()
    parts = {name: str(getattr(entry, name)) for name in COLUMNS}
    parts |= {
        "at": entry.at.astimezone(UTC).isoformat(),
        "detail": json.dumps(entry.detail, ensure_ascii=False, sort_keys=True),
    }
    csv.writer(out, lineterminator="\n").writerow(map(plain_cell, parts.values()))
    return out.getvalue()


def plain_cell(cell: object) -> object:
    """The cell as a spreadsheet shows it; a text that begins so would be a formula, and be run."""
    if not isinstance(cell, str):
        return "" if cell is None else cell
    return f"'{cell}" if cell.lstrip().startswith(_RISKY) or cell.startswith(_RISKY) else cell


_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
