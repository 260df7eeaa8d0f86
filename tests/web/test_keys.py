"""Providers' keys at the site: they go in, and nothing of them comes out."""

import logging
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from steward.gateway.origin import origin_of
from tests.places import execute
from tests.web.office import Office, furnish
from tests.web.serving import Json, Serving, open_serving
from tests.web.versatile_model import VersatileModel


def canary() -> str:
    """A key that no pattern knows for one."""
    return "canary" + secrets.token_hex(16)


@pytest.fixture
async def office(serving: Serving) -> Office:
    return await furnish(serving)


async def stored(office: Office) -> str:
    """Put a key in without asking its provider; gives its id."""
    body = {"provider": "mistral", "key": canary(), "is_checked": False}
    answer = await office.ask("/keys", "ann", "POST", body)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def test_a_key_goes_in_masked_is_replaced_and_removed(office: Office) -> None:
    key_id = await stored(office)
    (found,) = (await office.told("/keys"))["items"]
    assert (found["provider"], found["host"]) == ("mistral", "https://api.mistral.ai:443")
    assert (found["version"], found["verdict"], found["last_used_at"]) == (1, "unknown", None)
    assert not found["is_serving"]
    key = canary()
    again: Json = {"key": key, "is_checked": False}
    replaced = (await office.ask(f"/keys/{key_id}/rotate", "ann", "POST", again)).json()
    assert (replaced["version"], replaced["mask"]) == (2, f"can…{key[-4:]}")
    assert (await office.ask(f"/keys/{key_id}", "ann", "DELETE")).status_code == 204
    assert (await office.told("/keys"))["items"] == []
    assert (await office.ask(f"/keys/{key_id}", "ann", "DELETE")).status_code == 404


async def test_a_key_is_checked_at_the_address_that_the_settings_name(office: Office) -> None:
    body = {"provider": "custom", "key": canary()}
    answer = await office.ask("/keys", "ann", "POST", body)
    assert answer.status_code == 201, answer.text
    found = answer.json()
    assert found["host"].startswith("http://127.0.0.1:")
    checked = await office.ask(f"/keys/{found['id']}/check", "ann", "POST")
    assert (checked.status_code, checked.json()["verdict"]) == (200, found["verdict"])


async def test_who_keeps_no_keys_sees_and_changes_none(office: Office) -> None:
    key_id = await stored(office)
    body = {"provider": "mistral", "key": canary(), "is_checked": False}
    for user in ("bob", "vic", "reader"):
        for method, path, sent in (
            ("GET", "/keys", None),
            ("GET", "/keys/providers", None),
            ("POST", "/keys", body),
            ("POST", f"/keys/{key_id}/rotate", {"key": canary()}),
            ("POST", f"/keys/{key_id}/check", None),
            ("DELETE", f"/keys/{key_id}", None),
        ):
            assert (await office.ask(path, user, method, sent)).status_code == 403
    refused = {each.actor for each in await office.serving.trail() if each.action == "key.refused"}
    assert refused == {"bob", "vic"}


@pytest.mark.parametrize(
    "url",
    [
        "https://169.254.169.254/v1",
        "https://[::ffff:127.0.0.1]/v1",
        "https://2130706433/v1",
        "https://127.0.0.1.nip.io/v1",
        "http://127.0.0.1:9/v1",
        "http://localhost:9/v1",
    ],
)
async def test_a_key_of_an_address_that_nobody_named_is_shown_to_nobody(
    office: Office, url: str
) -> None:
    """Even where the row says so: whoever may add keys elsewhere must not aim this server."""
    key_id = await stored(office)
    await _aim(office, key_id, url)
    check = await office.ask(f"/keys/{key_id}/check", "ann", "POST")
    assert (check.status_code, "do not name" in check.text) == (400, True)
    rotate = await office.ask(f"/keys/{key_id}/rotate", "ann", "POST", {"key": canary()})
    assert rotate.status_code == 400
    body = {"provider": "elsewhere", "key": canary(), "url": url}
    assert (await office.ask("/keys", "ann", "POST", body)).status_code == 400
    del body["url"]
    unknown = await office.ask("/keys", "ann", "POST", body)
    assert (unknown.status_code, "Name it under [gateway.providers]" in unknown.text) == (400, True)


async def _aim(office: Office, key_id: str, url: str) -> None:
    values = {"url": url, "host": origin_of(url), "id": key_id}
    statement = text("UPDATE provider_key SET url = :url, host = :host WHERE id = :id")
    await office.serving.desk.database.run(
        lambda session: session.connection().execute(statement, values)
    )


async def test_no_answer_page_log_error_or_row_has_a_key(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    keys = [canary() for _ in range(11)]
    async with _furnished(tmp_path) as office:
        monkeypatch.setattr("steward.web.dialect.redact", str)
        said = [
            await office.ask("/keys", "ann", "POST", body)
            for body in (
                {"provider": "mistral", "key": keys[0], "is_checked": False},
                {"provider": "mistral", "key": keys[1], "is_checked": False},
                {"provider": "mistral", "key": [keys[2]]},
                {"provider": "mistral", "key": {"key": keys[3]}},
                {"provider": "mistral", "key": keys[4] * 200},
                {"provider": "mistral", "key": f"{keys[5]}\nx"},
                {"provider": "mistral", "key": keys[6], "is_checked": "perhaps"},
                {"provider": "custom", "key": keys[7]},
            )
        ]
        key_id = said[0].json()["id"]
        monkeypatch.setattr("steward.gateway.vault.vault.masked", _breaks_with_the_key)
        body = {"key": keys[8], "is_checked": False}
        broken = await office.ask(f"/keys/{key_id}/rotate", "ann", "POST", body)
        assert broken.status_code == 500
        monkeypatch.undo()
        form = {"act": "add", "provider": "groq", "key": keys[9], "unchecked": "yes"}
        sent = await office.post("/keys", form)
        assert sent.status_code == 303, sent.text
        wrong = await office.post("/keys", {**form, "act": keys[10]})
        assert wrong.status_code == 400
        said += [broken, sent, wrong, await office.ask("/keys"), await office.ask("page:/keys")]
        said += [await office.ask("page:/audit"), await office.ask("/audit")]
    texts = [*(answer.text + str(answer.headers) for answer in said), _logged(caplog)]
    texts += [str(row) for row in _rows(tmp_path)]
    for key in keys:
        assert not [text for text in texts if key in text]


def _breaks_with_the_key(key: str) -> str:
    raise RuntimeError("the mask")


def _logged(caplog: pytest.LogCaptureFixture) -> str:
    return caplog.text + "".join(str(record.__dict__) for record in caplog.records)


def _rows(folder: Path) -> list[object]:
    """Everything in the database."""
    place = folder / "steward.db"
    tables = execute(place, "SELECT name FROM sqlite_master WHERE type = 'table'")
    return [row for (name,) in tables for row in execute(place, f'SELECT * FROM "{name}"')]


@asynccontextmanager
async def _furnished(folder: Path) -> AsyncGenerator[Office]:
    async with VersatileModel() as model, open_serving(folder, model) as serving:
        yield await furnish(serving)
