"""Whatever is changed behind the ledger's back is found, and what it can find is what is stored."""

import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from steward.core.errors import InvalidInputError, UnavailableError
from steward.core.money import NanoUsd
from steward.ledger.chain import START, Entry, seal
from steward.ledger.integrity import Checkpoint, Verdict, checkpoint_of, verify, written
from steward.ledger.key import KEY_BYTES, LedgerKey
from tests.ledger.bank import ANN, BOB, KEY, USAGE, Bank, charge, key_in, open_bank
from tests.places import Place, engine_of, execute, tamper


async def verdict(bank: Bank, against: Checkpoint | None = None) -> Verdict:
    return await bank.database.read(lambda session: verify(session, KEY, against))


async def book_some(bank: Bank) -> None:
    """Each kind of entry once or more."""
    for number, principal in enumerate((ANN, BOB, replace(ANN, team="red"), ANN, BOB)):
        await bank.ledger.reserve(principal, charge(f"r{number}", 500, run_id=f"run-{number}"))
    await bank.ledger.settle("r0", USAGE, NanoUsd(120))
    await bank.ledger.settle("r1", USAGE, NanoUsd(700), estimated=True)
    await bank.ledger.release("r2")
    bank.clock.advance(timedelta(hours=1))
    await bank.ledger.expire_due()
    await bank.ledger.settle("r4", USAGE, NanoUsd(50))
    await bank.ledger.reserve(ANN, charge("open", 40))


OLD = Entry(
    *(1, "local", "", "ann", "/wörk", "session-1", "2026-11", "r1"),
    *("2026-11-21 09:30:00.000000", "settle", -500, 120, 0, 100, 20, 5),
    *("agent", "small", None, "v1"),
)


@pytest.mark.parametrize(
    ("later", "sealed"),
    [
        ((), "92f5a64c0e689929ce9a9ede3bf438643b22530592c6b1376dc477e97f5059d1"),
        (("", "", "", 1), "92f5a64c0e689929ce9a9ede3bf438643b22530592c6b1376dc477e97f5059d1"),
        (
            ("fix", "acme", "r1", 1),
            "7d7c584daaa9a31db1a1a9eea01daec26042427b5f803b98e26a34629fd0693f",
        ),
        (("", "", "r1", 2), "034a41955e0f0aac5b2fdcca8df0b4ddaf9c66b12c72ca2bea5c80330dc1bfe4"),
    ],
)
def test_a_seal_is_the_same_for_ever(later: tuple[str | int, ...], sealed: str) -> None:
    assert seal(KEY, START, Entry(*OLD[:20], *later)) == sealed  # pyright: ignore[reportArgumentType]


LATER = ("agent", "provider", "request_id", "attempt")


def test_what_came_to_entries_later_is_sealed_too() -> None:
    every = [("", "", "", 1), ("x", "", "", 1), ("", "x", "", 1), ("", "", "x", 1), ("", "", "", 2)]
    seals = {
        seal(KEY, START, OLD._replace(**dict(zip(LATER, each, strict=True)))) for each in every
    }
    assert len(seals) == len(every)


async def test_a_ledger_that_nobody_touched_is_intact(bank: Bank) -> None:
    await book_some(bank)
    found = await verdict(bank)
    assert (found.problems, found.first_bad_seq) == ((), None)
    assert found.checkpoint[2:] == (120 + 700 + 500 + 50, 40)
    assert await verdict(bank, found.checkpoint) == found


async def test_a_change_of_any_field_of_any_entry_is_found(filed: Bank, tmp_path: Path) -> None:
    await book_some(filed)
    file = tmp_path / "steward.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as thief:
        thief.execute("PRAGMA foreign_keys = OFF")
        thief.execute("DROP TRIGGER entry_no_update")
        cursor = thief.execute("SELECT * FROM entry ORDER BY seq")
        columns = [column[0] for column in cursor.description]
        rows = cursor.fetchall()
        for at, column in enumerate(columns):
            seq = 1 + at % len(rows)
            old = rows[seq - 1][at]
            new = f"{old}x" if isinstance(old, str) else 77 if old is None else old + 77
            if column == "kind":
                new = "release" if old == "settle" else "settle"
            change = f'UPDATE entry SET "{column}" = ? WHERE seq = ?'
            thief.execute(change, (new, seq))
            found = await verdict(filed)
            assert not found.is_intact, column
            assert found.first_bad_seq == seq, column
            thief.execute(change, (old, new if column == "seq" else seq))
        assert (await verdict(filed)).is_intact


@pytest.mark.parametrize(
    ("change", "first_bad"),
    [
        ("DELETE FROM entry WHERE seq = 3", 3),
        ("DELETE FROM entry WHERE seq = 1", 1),
        ("UPDATE entry SET model = 'large' WHERE seq = 2", 2),
        ("UPDATE entry SET seal = '' WHERE seq = 2", 2),
        ("UPDATE account SET spent_nano_usd = spent_nano_usd + 1 WHERE scope = 'user:bob'", None),
        ("UPDATE account SET reserved_nano_usd = 0 WHERE scope = 'organisation'", None),
        ("DELETE FROM account WHERE scope = 'session:session-2'", None),
        ("UPDATE usage SET calls = calls + 1 WHERE dimension = 'model'", None),
        ("DELETE FROM usage WHERE dimension = 'task'", None),
        ("UPDATE reservation SET cost_nano_usd = 1 WHERE id = 'r0'", None),
        ("UPDATE reservation SET state = 'released' WHERE id = 'open'", None),
        ("INSERT INTO usage VALUES ('local', 'user', '2026-11-21', 'eve', 1, 1, 1, 1, 1)", None),
    ],
)
async def test_whatever_somebody_changed_behind_our_back_is_found(
    bank: Bank, place: Place, change: str, first_bad: int | None
) -> None:
    await book_some(bank)
    tamper(place, change)
    found = await verdict(bank)
    assert not found.is_intact
    assert found.first_bad_seq == first_bad


@pytest.mark.parametrize("change", ["model = x'736d616c6c'", "seal = 7"])
async def test_nonsense_that_only_sqlite_lets_in_is_found(
    filed: Bank, tmp_path: Path, change: str
) -> None:
    await book_some(filed)
    tamper(tmp_path / "steward.db", f"UPDATE entry SET {change} WHERE seq = 2")
    assert (await verdict(filed)).first_bad_seq == 2


async def test_an_end_that_was_cut_off_with_all_that_followed_from_it_is_found(
    place: Place,
) -> None:
    async with open_bank(place) as bank:
        await bank.ledger.reserve(ANN, charge("r1", 500))
        await bank.ledger.settle("r1", USAGE, NanoUsd(120))
    early = await asyncio.to_thread(_kept, place)
    async with open_bank(place) as bank:
        await bank.ledger.reserve(ANN, charge("r2", 500))
        await bank.ledger.settle("r2", USAGE, NanoUsd(300))
        seen = (await verdict(bank)).checkpoint
    await asyncio.to_thread(_put_back, place, early)
    async with open_bank(place) as bank:
        assert (await verdict(bank)).is_intact
        cut = await verdict(bank, checkpoint_of(written(seen)))
        assert "cut off" in cut.problems[0]
        # Something else booked in its place does not hide it.
        await bank.ledger.reserve(ANN, charge("r3", 500))
        await bank.ledger.settle("r3", USAGE, NanoUsd(300))
        other = await verdict(bank, seen)
        assert "not the one that the checkpoint names" in other.problems[0]


_BOOKS = ("reservation", "entry", "account", "usage")


def _kept(place: Place) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the books, as a thief copies them."""
    return {table: execute(place, f'SELECT * FROM "{table}"') for table in _BOOKS}


def _put_back(place: Place, rows: dict[str, list[tuple[object, ...]]]) -> None:
    """Make the books say what they said then, and nothing else."""
    for table in reversed(_BOOKS):
        tamper(place, f'DELETE FROM "{table}"')
    engine = engine_of(place)
    with engine.begin() as connection:
        sign = "?" if isinstance(place, Path) else "%s"
        for table in _BOOKS:
            for row in rows[table]:
                signs = ", ".join([sign] * len(row))
                connection.exec_driver_sql(f'INSERT INTO "{table}" VALUES ({signs})', row)
    engine.dispose()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"seq": "x"}', json.dumps({"seq": 1})])
def test_what_is_no_checkpoint_is_refused(content: str) -> None:
    with pytest.raises(InvalidInputError, match="no checkpoint"):
        checkpoint_of(content)


async def test_without_its_key_nothing_is_booked_and_nothing_is_lost(tmp_path: Path) -> None:
    async with open_bank(tmp_path / "steward.db") as bank:
        await bank.ledger.reserve(ANN, charge("r1", 500))
    key = tmp_path / "ledger.key"
    kept = key.read_bytes()
    assert key.stat().st_mode & 0o777 == 0o600
    for damage in (None, b"", b"5e5e", b"nonsense"):
        key.unlink() if damage is None else key.write_bytes(damage)
        async with open_bank(tmp_path / "steward.db") as bank:
            assert await bank.ledger.expire_due() == 0
            assert (await bank.ledger.standing(ANN)).reserved == 500
            with pytest.raises(UnavailableError, match=r"ledger\.key"):
                await bank.ledger.reserve(ANN, charge("r2", 500))
    key.write_bytes(kept)
    async with open_bank(tmp_path / "steward.db") as bank:
        await bank.ledger.reserve(ANN, charge("r2", 500))
        assert (await verdict(bank)).is_intact


async def test_another_key_is_noticed_before_anything_is_sealed_with_it(tmp_path: Path) -> None:
    async with open_bank(tmp_path / "steward.db") as bank:
        await bank.ledger.reserve(ANN, charge("r1", 500))
    (tmp_path / "ledger.key").write_text("ab" * KEY_BYTES, "ascii")
    async with open_bank(tmp_path / "steward.db") as bank:
        with pytest.raises(UnavailableError, match="was not sealed with"):
            await bank.ledger.reserve(ANN, charge("r2", 500))


async def test_callers_that_make_the_key_at_the_same_time_share_it(tmp_path: Path) -> None:
    def make(number: int) -> bytes:
        return LedgerKey(tmp_path / "ledger.key", lambda: f"{number:02x}" * KEY_BYTES).load(
            may_make=True
        )

    made = await asyncio.gather(*(asyncio.to_thread(make, number) for number in range(8)))
    assert len(set(made)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.key"]
    assert await asyncio.to_thread(key_in(tmp_path).load, may_make=False) == made[0]
