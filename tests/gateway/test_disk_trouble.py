"""Where the ledger cannot book, no provider hears of a call."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import Session

from demo.scripted_model import ScriptedModel
from steward.core.errors import UnavailableError
from tests.gateway.desk import asked, open_desk
from tests.ledger.bank import ANN


def _fill_disk(session: Session) -> None:
    """Let the file grow no further, as a full disk does."""
    pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar_one()
    session.connection().exec_driver_sql(f"PRAGMA max_page_count = {pages}")


def _make_read_only(session: Session) -> None:
    session.connection().exec_driver_sql("PRAGMA query_only = ON")


@pytest.mark.parametrize("trouble", [_fill_disk, _make_read_only])
async def test_a_call_that_cannot_be_booked_is_never_sent(
    tmp_path: Path, scripted_model: ScriptedModel, trouble: Callable[[Session], None]
) -> None:
    async with open_desk(tmp_path, scripted_model) as desk:
        await desk.database.run(trouble)
        # Long enough not to fit into what is free inside the file.
        error = await desk.fails(asked(request_id="r" * 50_000))
        assert isinstance(error, UnavailableError)
        assert "disk" in str(error)
        assert await desk.ledger.calls(ANN) == ()
    assert scripted_model.exchanges == []
