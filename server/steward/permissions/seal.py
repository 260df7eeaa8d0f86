"""What shows that a row about permission was written by Steward and not by somebody else.

A database can be written by more than Steward: another program of the same user, a server's
administrator, whoever gets hold of a copy. So each row that says what a person allowed bears a
code over all its columns, made with a key that is in a file of its own and never in the database.
A row that was changed, made up or moved to another place does not bear the right one. What a code
cannot show is a whole row put back as it once was; the audit trail shows that.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from steward.core.key_file import KeyFile


@dataclass(frozen=True, slots=True)
class ApprovalKey(KeyFile):
    """Where the key of approvals and grants is kept, and where a new one comes from."""

    what: str = "The key of the approvals"
    otherwise: str = (
        "Without it no answer can be told from a forged one, so nothing is asked and nothing is"
        " approved. Restore the file, or move it away: then open questions are asked again."
    )


@dataclass(frozen=True, slots=True)
class Seal:
    """Makes and checks the codes. It reads the key's file: use it on the database's thread."""

    key: KeyFile

    def of(self, table: str, columns: Mapping[str, object]) -> str:
        """The code of a row; the column `seal` is left out of it."""
        bound = {name: _plain(value) for name, value in columns.items() if name != "seal"}
        body = json.dumps([table, bound], sort_keys=True, ensure_ascii=True).encode("ascii")
        return hmac.digest(self.key.load(may_make=True), body, "sha256").hex()

    def fits(self, table: str, columns: Mapping[str, object]) -> bool:
        """Whether the row's own `seal` is its code."""
        own = str(columns.get("seal", ""))
        return hmac.compare_digest(own.encode(), self.of(table, columns).encode())


def approval_seal(folder: Path, fresh: Callable[[], str]) -> Seal:
    """The seal whose key is in this folder; `fresh` gives a new key in hexadecimal."""
    return Seal(ApprovalKey(folder / "approval.key", fresh))


def _plain(value: object) -> object:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
