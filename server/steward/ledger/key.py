"""The key that seals the ledger: a file beside the database."""

from dataclasses import dataclass

from steward.core.key_file import KEY_BYTES, KeyFile

__all__ = ["KEY_BYTES", "LedgerKey"]


@dataclass(frozen=True, slots=True)
class LedgerKey(KeyFile):
    """Where the ledger's key is kept, and where a new one comes from."""

    what: str = "The key of the cost ledger"
    otherwise: str = (
        "Without it no model call can be booked, so none is made. Restore the file from a backup;"
        " or, to begin a new ledger, move the database beside it away."
    )
