"""What a client says of its own calls is counted, and opens nothing."""

from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from demo.replies import Reply, Usage, always
from steward.core.money import NANO_PER_USD
from tests.gateway.desk import gateway_settings
from tests.ledger.bank import allow
from tests.web.serving import CHAT, HELLO, Serving, open_serving
from tests.web.versatile_model import VersatileModel

BILL = 1000 * 150 + 500 * 600
"""What every answer here costs, in nano-dollars."""


async def rows(serving: Serving, statement: str) -> list[dict[str, Any]]:
    def work(session: Session) -> list[dict[str, Any]]:
        return [dict(row) for row in session.connection().execute(text(statement)).mappings()]

    return await serving.desk.database.read(work)


async def spent(serving: Serving) -> dict[str, int]:
    """Scope → what was spent there; nothing is under way."""
    found = await rows(serving, "SELECT scope, spent_nano_usd FROM account")
    return {row["scope"]: row["spent_nano_usd"] for row in found}


async def test_labels_stand_in_the_books_under_the_name_of_whoever_the_token_belongs_to(
    serving: Serving,
) -> None:
    serving.model.script = always(Reply(pieces=("ok",), usage=Usage(1000, 500)))
    labels = {"task": "agent", "agent": "fix", "workspace": "shop-1a2b", "session": "w1"}
    said = {f"x_steward_{name}": value for name, value in labels.items()}
    assert (await serving.post(HELLO, **said)).status_code == 200
    paid = await serving.desk.paid()
    assert (paid.task, paid.agent) == ("agent", "fix")
    (row,) = await rows(serving, "SELECT * FROM reservation")
    assert (row["user"], row["workspace"]) == ("ann", "ann/shop-1a2b")
    token = row["session"].partition("/")[0]
    assert row["session"] == f"{token}/w1"
    assert await spent(serving) == {
        f"session:{token}": BILL,
        f"session:{token}/w1": BILL,
        "workspace:ann/shop-1a2b": BILL,
        "user:ann": BILL,
        "organisation": BILL,
    }


async def test_a_label_that_is_not_plain_is_refused(serving: Serving) -> None:
    for name in ("task", "agent", "workspace", "session"):
        for value in ("bob/shop", "/home/bob/shop", "", "a b", "x" * 65, "é", "a:b", "-a"):
            said = {f"x-steward-{name}".encode(): value.encode()}
            answer = await serving.client.post(CHAT, json=HELLO, headers=said)
            assert answer.status_code == 400, (name, value)
            assert f"x-steward-{name}" in answer.json()["error"]["message"]
    assert serving.model.exchanges == []


async def test_no_label_opens_another_persons_account_or_a_second_budget_of_the_token(
    serving: Serving,
) -> None:
    serving.model.script = always(Reply(pieces=("ok",), usage=Usage(1000, 500)))
    bobs, _ = await serving.fresh_token("bob")
    as_bob = {"authorization": f"Bearer {bobs}"}
    said = {"x_steward_workspace": "shop", "x_steward_session": "w0"}
    assert (await serving.post(HELLO, **said, **as_bob)).status_code == 200
    before = {scope: sum_ for scope, sum_ in (await spent(serving)).items() if "bob" in scope}
    assert before == {"user:bob": BILL, "workspace:bob/shop": BILL}

    assert (await serving.post(HELLO, **said)).status_code == 200
    (row,) = await rows(serving, "SELECT session FROM reservation WHERE user = 'ann'")
    token = row["session"].partition("/")[0]
    limit = BILL + 1
    await allow(serving.desk.database, f"session:{token}", limit, serving.clock.now())
    for window in range(3):  # Another window each time, and the token's own account is short.
        said = {"x_steward_session": f"fresh{window}", "x_steward_workspace": f"w{window}"}
        assert (await serving.post(HELLO, **said)).status_code == 402
    after = await spent(serving)
    assert {scope: sum_ for scope, sum_ in after.items() if "bob" in scope} == before
    assert after["user:ann"] == BILL < limit < NANO_PER_USD


async def test_saying_another_task_opens_no_model_that_the_policy_keeps_from_this_door(
    tmp_path: Path,
) -> None:
    async with VersatileModel() as model:
        policy = [{"task": "chat", "models": ["custom/small"]}]
        settings = gateway_settings(model.url, policy=policy)
        async with open_serving(tmp_path, model, settings=settings) as serving:
            said = {"x_steward_task": "agent"}
            large = await serving.post({**HELLO, "model": "custom/large"}, **said)
            chosen = await serving.post(HELLO, **said)
            small = await serving.post({**HELLO, "model": "custom/small"}, **said)
    assert (large.status_code, chosen.status_code, small.status_code) == (403, 403, 200)
    assert len(model.exchanges) == 1
