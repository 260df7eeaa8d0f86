"""What writes into the outbox: triggers of the database, in the transaction of each change.

So nothing that happens can be forgotten there, whichever process and which statement made it
happen, and nothing is told that was taken back. A row says who, where and which; never what
somebody wrote, a model said or a key is. The triggers are made anew whenever the tables are
brought up to date (`migrations/env.py`): SQLite loses them where it alters a table by copying it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.engine import Connection

from steward.core.live_limits import OUTBOX_PRUNED_EVERY, OUTBOX_ROWS_MAX

CHANNEL = "steward_outbox"
"""Where PostgreSQL tells that there is news."""
_PREFIX = "outbox_of_"

Dialect = Literal["sqlite", "postgresql"]


@dataclass(frozen=True, slots=True)
class _Told:
    """A change of a table, and what the outbox says of it, in SQL that both databases know."""

    kind: str
    table: str
    on: str
    """INSERT, UPDATE, `UPDATE OF …` or DELETE."""
    user: str
    subject: str
    detail: Sequence[tuple[str, str]]
    """Name → value. What is no number is a text, and has a name that no unit ends."""
    when: str = ""
    workspace: str = "''"
    team: str | None = None
    """None for the team that the user is in."""
    source: str = ""
    """Other rows that it is made of, as a FROM clause."""
    together: str = ""
    """Where one statement may add hundreds of rows: those that PostgreSQL tells of as one, made of
    the `fresh` ones. SQLite knows one row at a time, and tells of each."""

    @property
    def name(self) -> str:
        return f"{_PREFIX}{self.table}_{self.on.split()[0].lower()}"

    def insert(self, dialect: Dialect) -> str:
        row = "OLD" if self.on == "DELETE" else "NEW"
        team = self.team or _TEAM.format(row=row, user=self.user)
        values = (
            f"{row}.tenant_id, {_NOW[dialect]}, '{self.kind}', {self.user}, {team},"
            f" {self.workspace}, {self.subject}, {_DETAIL[dialect](self.detail)}"
        )
        return (
            'INSERT INTO outbox (tenant_id, at, kind, "user", team, workspace, subject, detail)'
            f" SELECT {values}{self.source}"
        )


_NOW = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', 'now')",
    "postgresql": "clock_timestamp()",
}


def _detail_on_sqlite(detail: Sequence[tuple[str, str]]) -> str:
    # SQLite's own functions for JSON are not trusted in triggers before its version 3.41. A text
    # with control characters becomes lenient JSON; whoever reads it expects that.
    return "'{" + " || ', ".join(map(_member_on_sqlite, detail)) + " || '}'"


def _member_on_sqlite(member: tuple[str, str]) -> str:
    name, value = member
    if name == "attempt" or name.endswith(_UNITS):
        return f"\"{name}\": ' || COALESCE({value}, 'null')"
    escaped = f"replace(replace({value}, '\\', '\\\\'), '\"', '\\\"')"
    return f"\"{name}\": ' || COALESCE('\"' || {escaped} || '\"', 'null')"


def _detail_on_postgresql(detail: Sequence[tuple[str, str]]) -> str:
    members = ", ".join(f"'{name}', {value}" for name, value in detail)
    return f"CAST(json_build_object({members}) AS TEXT)"


_UNITS = ("_nano_usd", "_tokens")
_DETAIL = {"sqlite": _detail_on_sqlite, "postgresql": _detail_on_postgresql}
_TEAM = (
    "COALESCE((SELECT p.team FROM person p WHERE p.tenant_id = {row}.tenant_id"
    " AND p.\"user\" = {user}), '')"
)
_SCOPE = "CASE WHEN substr({row}.scope, 1, {chars}) = '{kind}:' THEN substr({row}.scope, {begin})"
_OF_RUN = " FROM run r WHERE r.id = NEW.run_id"


def _of_scope(row: str, kind: str) -> str:
    """Whose account it is, where it is one of this kind."""
    chars = len(kind) + 1
    return _SCOPE.format(row=row, kind=kind, chars=chars, begin=chars + 1) + " ELSE '' END"


_PAID = "spent_change_nano_usd <> 0 OR kind IN ('settle', 'expire')"
_ENTRIES_ALIKE = 'tenant_id, "user", team, workspace, model, agent, task, run_id, period'
_ENTRIES = (
    f"SELECT {_ENTRIES_ALIKE}, MAX(at) AS at,"  # noqa: S608  Our own names.
    " CAST(SUM(spent_change_nano_usd) AS BIGINT) AS spent_change_nano_usd,"
    " CAST(SUM(input_tokens) AS BIGINT) AS input_tokens,"
    " CAST(SUM(output_tokens) AS BIGINT) AS output_tokens FROM fresh"
    f" WHERE {_PAID} GROUP BY {_ENTRIES_ALIKE}"
)


def _cost() -> _Told:
    # Sums are booked before entries, so what was spent today has all of the batch in it.
    today = (
        'COALESCE((SELECT u.cost_nano_usd FROM "usage" u WHERE u.tenant_id = NEW.tenant_id'
        " AND u.dimension = 'user' AND u.day = substr(CAST(NEW.at AS TEXT), 1, 10)"
        ' AND u.name = NEW."user"), 0)'
    )
    return _Told(
        kind="cost",
        table="entry",
        on="INSERT",
        when="NEW.spent_change_nano_usd <> 0 OR NEW.kind IN ('settle', 'expire')",
        user='NEW."user"',
        team="NEW.team",
        workspace="NEW.workspace",
        subject="COALESCE(NEW.run_id, '')",
        detail=(
            ("model", "NEW.model"),
            ("agent", "NEW.agent"),
            ("task", "NEW.task"),
            ("cost_nano_usd", "NEW.spent_change_nano_usd"),
            ("input_tokens", "NEW.input_tokens"),
            ("output_tokens", "NEW.output_tokens"),
            ("user_today_nano_usd", today),
        ),
        together=_ENTRIES,
    )


def _runs() -> list[_Told]:
    found = [
        _Told(
            kind="run",
            table="run",
            on=on,
            when=when,
            user='NEW."user"',
            workspace="NEW.workspace",
            subject="NEW.id",
            detail=(
                ("change", f"'{change}'"),
                ("state", "NEW.state"),
                ("agent", "NEW.agent_id"),
                ("attempt", "NEW.attempt"),
            ),
        )
        for on, change, when in (
            ("INSERT", "begun", ""),
            (
                "UPDATE",
                "state",
                "NEW.state <> OLD.state OR NEW.attempt <> OLD.attempt"
                " OR (NEW.cancel_asked_at IS NULL) <> (OLD.cancel_asked_at IS NULL)"
                " OR (NEW.resume_asked_at IS NULL) <> (OLD.resume_asked_at IS NULL)",
            ),
        )
    ]
    for on, when in (
        ("INSERT", ""),
        ("UPDATE", "NEW.ok <> OLD.ok OR NEW.detail <> OLD.detail OR NEW.title <> OLD.title"),
    ):
        found.append(
            _Told(
                kind="run",
                table="run_step",
                on=on,
                when=when,
                user='r."user"',
                workspace="r.workspace",
                subject="NEW.run_id",
                detail=(
                    ("change", "'step'"),
                    ("state", "r.state"),
                    ("agent", "r.agent_id"),
                    ("attempt", "NEW.attempt"),
                    ("step", "NEW.name"),
                    ("outcome", "CASE WHEN NEW.ok THEN 'ok' ELSE 'failed' END"),
                ),
                source=_OF_RUN,
            )
        )
    return found


def _approvals() -> list[_Told]:
    return [
        _Told(
            kind="approval",
            table="approval",
            on=on,
            when=when,
            user='NEW."user"',
            workspace="NEW.workspace",
            subject="NEW.id",
            detail=(("state", "NEW.state"), ("about", "NEW.kind"), ("run_id", "NEW.run_id")),
        )
        for on, when in (("INSERT", ""), ("UPDATE", "NEW.state <> OLD.state"))
    ]


def _budgets() -> list[_Told]:
    found: list[_Told] = []
    for on, row, change in (
        ("INSERT", "NEW", "set"),
        ("UPDATE", "NEW", "set"),
        ("DELETE", "OLD", "removed"),
    ):
        found.append(
            _Told(
                kind="budget",
                table="budget",
                on=on,
                user=_of_scope(row, "user"),
                team=_of_scope(row, "team"),
                workspace=_of_scope(row, "workspace"),
                subject=f"{row}.scope",
                detail=(
                    ("change", f"'{change}'"),
                    ("limit_nano_usd", f"{row}.limit_nano_usd"),
                    ("soft_limit_nano_usd", f"{row}.soft_limit_nano_usd"),
                ),
            )
        )
    found.append(
        _Told(
            kind="budget",
            table="budget_warning",
            on="INSERT",
            user=_of_scope("NEW", "user"),
            team=_of_scope("NEW", "team"),
            workspace=_of_scope("NEW", "workspace"),
            subject="NEW.scope",
            detail=(
                ("change", "'passed'"),
                ("mark", "NEW.mark"),
                ("period", "NEW.period"),
                ("spent_nano_usd", "NEW.spent_nano_usd"),
                ("limit_nano_usd", "NEW.limit_nano_usd"),
                ("soft_limit_nano_usd", "NEW.soft_limit_nano_usd"),
            ),
        )
    )
    return found


def _extensions() -> list[_Told]:
    found: list[_Told] = []
    for on, row, change in (
        ("INSERT", "NEW", "installed"),
        ("UPDATE", "NEW", "changed"),
        ("DELETE", "OLD", "removed"),
    ):
        found.append(
            _Told(
                kind="extension",
                table="extension",
                on=on,
                user=f'{row}."user"',
                subject=f"{row}.id",
                detail=(
                    ("change", f"'{change}'"),
                    ("state", f"{row}.state"),
                    ("version", f"{row}.version"),
                ),
            )
        )
    for table, change in (("extension_happened", "NEW.kind"), ("extension_strike", "'strike'")):
        found.append(
            _Told(
                kind="extension",
                table=table,
                on="INSERT",
                user='NEW."user"',
                subject="NEW.extension",
                detail=(("change", change), ("what", "NEW.kind")),
            )
        )
    return found


def _access() -> list[_Told]:
    """Not for clients: servers hear by it that somebody may see less, or more, or nothing."""
    found: list[_Told] = []
    for table, on, when in (
        ("person", "INSERT", ""),
        ("person", "UPDATE", ""),
        ("person", "DELETE", ""),
        ("personal_token", "UPDATE", "(NEW.revoked_at IS NULL) <> (OLD.revoked_at IS NULL)"),
        ("personal_token", "DELETE", ""),
        ("page_session", "DELETE", ""),
    ):
        row = "OLD" if on == "DELETE" else "NEW"
        user = f'{row}."user"'
        told = (("of", f"'{table}'"),)
        found.append(_Told("access", table, on, user, subject=user, detail=told, when=when))
    return found


_ALL = (_cost(), *_runs(), *_approvals(), *_budgets(), *_extensions(), *_access())


def triggers(dialect: Dialect) -> dict[str, str]:
    """Name → the statements that make it, separated by nothing that a driver would split at."""
    made = {each.name: _made(each, dialect) for each in _ALL}
    return made | _PRUNE[dialect]


def make_triggers(connection: Connection) -> None:
    """Make all of them; the tables are there, and none of the triggers."""
    for statement in triggers(_dialect(connection)).values():
        connection.exec_driver_sql(statement)


def drop_triggers(connection: Connection) -> None:
    """Take all away, those too that only an older version made."""
    dialect = _dialect(connection)
    names = connection.exec_driver_sql(_NAMES[dialect]).scalars().all()
    for name in names:
        if name.startswith(_PREFIX):
            connection.exec_driver_sql(_DROP[dialect].format(name))


_NAMES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT proname FROM pg_proc WHERE pronamespace = current_schema()::regnamespace",
}
_DROP = {"sqlite": 'DROP TRIGGER "{}"', "postgresql": 'DROP FUNCTION "{}" CASCADE'}


def _dialect(connection: Connection) -> Dialect:
    return "sqlite" if connection.dialect.name == "sqlite" else "postgresql"


def _made(told: _Told, dialect: Dialect) -> str:
    insert = told.insert(dialect)
    if dialect == "sqlite":
        when = f" WHEN {told.when}" if told.when else ""
        return (
            f"CREATE TRIGGER {told.name} AFTER {told.on} ON {told.table} FOR EACH ROW{when}"
            f" BEGIN {insert}; END"
        )
    if told.together:
        insert = f"{insert} FROM ({told.together}) AS many".replace("NEW.", "many.")
        each = "REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT"
    else:
        each = f"FOR EACH ROW{f' WHEN ({told.when})' if told.when else ''}"
    return _on_postgresql(told.name, f"AFTER {told.on} ON {told.table} {each}", insert)


def _on_postgresql(name: str, when: str, does: str) -> str:
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {does};"
        f" RETURN NULL; END $$; CREATE TRIGGER {name} {when} EXECUTE FUNCTION {name}()"
    )


# Not with PostgreSQL's `%`, which its driver takes for the place of a value.
_FULL = f"NEW.seq = NEW.seq / {OUTBOX_PRUNED_EVERY} * {OUTBOX_PRUNED_EVERY}"
_DELETE = f"DELETE FROM outbox WHERE seq <= NEW.seq - {OUTBOX_ROWS_MAX}"  # noqa: S608
_PRUNE: dict[str, dict[str, str]] = {
    "sqlite": {
        f"{_PREFIX}old": f"CREATE TRIGGER {_PREFIX}old AFTER INSERT ON outbox FOR EACH ROW"
        f" WHEN {_FULL} BEGIN {_DELETE}; END"
    },
    "postgresql": {
        f"{_PREFIX}old": _on_postgresql(
            f"{_PREFIX}old", f"AFTER INSERT ON outbox FOR EACH ROW WHEN ({_FULL})", _DELETE
        ),
        # Told once a transaction, however often it is said, and only if that is committed.
        f"{_PREFIX}news": _on_postgresql(
            f"{_PREFIX}news",
            "AFTER INSERT ON outbox FOR EACH STATEMENT",
            f"PERFORM pg_notify('{CHANNEL}', '')",
        ),
    },
}
