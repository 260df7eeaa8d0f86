"""The books at a shell: checked, and reported to people, spreadsheets and programs."""

import asyncio
import csv
import io
import json
from datetime import UTC, datetime

from tests.cli.conftest import ME, Ask, Books, book
from tests.places import tamper


def test_a_good_ledger_is_confirmed_and_a_bad_one_is_named(books: Books, ask: Ask) -> None:
    checkpoint = books.folder / "checkpoint.json"
    code, said = ask("ledger", "verify", "--export", checkpoint)
    assert (code, said) == (
        0,
        "The ledger is intact: 4 entries, $0.000003 spent, $0.000000 set aside.\n",
    )
    assert ask("ledger", "verify", "--against", checkpoint)[0] == 0
    assert ask("ledger", "verify", "--export", checkpoint)[0] == 2
    tamper(books.place, "UPDATE entry SET spent_change_nano_usd = 1 WHERE seq = 2")
    code, said = ask("ledger", "verify")
    assert code == 1
    assert "Entry 2 is not what was booked" in said


def test_calls_that_were_billed_beyond_their_reservation_are_counted(
    books: Books, ask: Ask
) -> None:
    asyncio.run(book(books.folder, books.place, worst=900, prefix="more"))
    code, said = ask("ledger", "verify")
    assert code == 0
    assert "billed 2 calls beyond what was reserved for them, $0.000002 in all" in said


def test_a_checkpoint_that_is_none_is_refused(books: Books, ask: Ask) -> None:
    (books.folder / "nothing.json").write_text("{}")
    for name in ("nothing.json", "missing.json"):
        code, said = ask("ledger", "verify", "--against", books.folder / name)
        assert code == 2
        assert "steward ledger verify --export" in said


def test_usage_is_shown_to_people_spreadsheets_and_programs(ask: Ask) -> None:
    code, table = ask("usage", "--by", "model")
    assert code == 0
    lines = [line.split() for line in table.splitlines()]
    assert lines[1] == ["large", "1", "10", "5", "20", "$0.000002"]
    assert lines[2] == ["small", "1", "10", "5", "20", "$0.000001"]
    assert lines[-1][-1] == "$0.000003"
    (row,) = json.loads(ask("usage", "--by", "user", "--json")[1])
    assert (row["user"], row["calls"], row["cost_nano_usd"]) == (ME.user, 2, 3000)
    (cells,) = csv.DictReader(io.StringIO(ask("usage", "--by", "workspace", "--csv")[1]))
    assert cells["workspace"] == f"'{ME.workspace}", "a spreadsheet would run this name"
    for by, name in (("agent", "fix"), ("provider", "acme")):
        (row,) = json.loads(ask("usage", "--by", by, "--json")[1])
        assert (row[by], row["calls"], row["cost_nano_usd"]) == (name, 2, 3000)
    today = datetime.now(UTC).date().isoformat()
    assert today in ask("usage", "--by", "day", "--since", today)[1]
    assert (
        json.loads(ask("usage", "--json", "--until", "2020-01-01", "--since", "2019-01-01")[1])
        == []
    )


def test_a_report_of_no_day_is_refused_rather_than_empty(ask: Ask) -> None:
    code, said = ask("usage", "--until", "2020-01-01")
    assert (code, "No day is from" in said, "--since" in said) == (2, True, True)
