"""Rows of every table with texts of our choosing, for what the product's doors would not take."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Table, create_engine
from sqlalchemy.orm import Session
from sqlalchemy.types import Boolean, DateTime, Float, LargeBinary, String, TypeDecorator
from sqlmodel import SQLModel

from steward.core import audit
from tests.environment import ROOT

Text = Callable[[str], str]
"""Column → what stands in it."""

_SERVER = ROOT / "server"
_NOT = ("audit", "audit_check", "kept_answer", "sign_in_link", "entry", "budget_told", "outbox")
"""Tables of which no text is shown, or that are written through their own functions."""
_CODES: Mapping[str, Any] = {
    "tenant_id": "local",
    "seal": "0" * 64,
    "hash": "0" * 64,
    "scopes": "reports",
    "granted": "{}",
    "config": "{}",
    "revoked": "[]",
    "context": "",
    "specification": "",
    "draft": "",
    "detail": "{}",
    "messages": "0",
    "ended_at": None,
    "revoked_at": None,
    "used_at": None,
}
"""Columns that only our own code writes, of any table; a None is left to the table."""
_OF: Mapping[tuple[str, str], Any] = {
    ("approval", "kind"): "plan",
    ("approval", "state"): "pending",
    ("approval", "takes"): "",
    ("approval", "grant"): "",
    ("extension", "state"): "on",
    ("feedback", "about"): "run",
    ("run", "state"): "failed",
    ("run", "mode"): "normal",
    ("run", "source"): "shipped",
    ("run_step", "detail"): None,
    ("reservation", "state"): "settled",
    ("person", "role"): "developer",
    ("provider_key", "verdict"): "unknown",
    ("proposal", "kind"): "edit",
    ("proposal", "state"): "proposed",
    ("proposal", "content"): "{}",
    ("sent_text", "content"): None,
    ("ghost_text_switch", "scope"): "language",
    ("timing", "part"): "database",
    ("timing", "measure"): "read",
    ("timing", "outcome"): "ok",
    ("usage", "dimension"): None,
    ("budget_warning", "mark"): "80",
}
_TIMES = {"period": "%Y-%m", "day": "%Y-%m-%d", "hour": "%Y-%m-%dT%H"}
DIMENSIONS = ("user", "workspace", "team", "model", "agent", "task")


def tables() -> list[Table]:
    """Every table of the product."""
    for file in sorted((_SERVER / "steward").rglob("*tables.py")):
        import_module(".".join(file.relative_to(_SERVER).with_suffix("").parts))
    return list(SQLModel.metadata.sorted_tables)


def plant(database: Path, number: int, text: Text, now: datetime | None = None) -> None:
    """Put a row of this text into every table, and a fact of it into the trail."""
    engine = create_engine(f"sqlite:///{database}")
    at = now or datetime.now(UTC)
    with engine.begin() as connection:
        for table in tables():
            if table.name not in _NOT:
                for row in _rows(table, number, text, at):
                    connection.execute(table.insert().values(row))
    with Session(engine) as session, session.begin():
        named = {"path": text("path"), "reason": text("reason"), text("key"): text("value")}
        audit.append(
            session,  # pyright: ignore[reportArgumentType]  SQLModel's session is one of these.
            at=at,
            actor=text("actor"),
            action="extension.disabled",
            subject=text("subject"),
            detail=named,
        )
    engine.dispose()


def _rows(table: Table, number: int, text: Text, at: datetime) -> Iterator[dict[str, Any]]:
    row = {each.name: _value(table, each, number, text, at) for each in table.columns}
    if table.name != "usage":
        yield {name: value for name, value in row.items() if value is not None}
        return
    for dimension in DIMENSIONS:
        yield {**row, "dimension": dimension}


def _value(table: Table, column: "Column[Any]", number: int, text: Text, at: datetime) -> Any:
    name, key = column.name, (table.name, column.name)
    if key in _OF:
        return text(name) if _OF[key] is None else _OF[key]
    if name in _TIMES:
        return at.strftime(_TIMES[name])
    if name in _CODES:
        return _CODES[name]
    kind = column.type
    if isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    return (
        _text(table, name, number, text) if isinstance(kind, String) else _typed(kind, at, column)
    )


def _text(table: Table, name: str, number: int, text: Text) -> str:
    match name:
        case "id" if table.name != "extension":
            return f"{table.name}-{number}"
        case "run_id" | "conversation_id" | "approval_id" | "proposal_id" | "token_id":
            return f"{name.removesuffix('_id')}-{number}"
        case "request_id":
            return f"reservation-{number}"
        case "scope":
            return f"user:{text(name)}"
        case "digest":
            return f"{number:064x}"
        case _:
            return text(name)


def _typed(kind: object, at: datetime, column: "Column[Any]") -> Any:
    match kind:
        case DateTime():
            return at
        case Boolean():
            return True
        case Float():
            return 1.0
        case LargeBinary():
            return b"sealed"
        case _:
            return None if column.primary_key and column.name in ("id", "seq") else 1
