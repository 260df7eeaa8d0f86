"""The keys of providers: put in, used for their own host, replaced, thrown away, never shown."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlmodel import Session

from demo import wire
from steward.core.errors import (
    InvalidInputError,
    LimitError,
    NotFoundError,
    NotPermittedError,
    ProviderRefusedError,
    UnavailableError,
)
from steward.core.limits import PROVIDER_KEY_CHARS_MAX
from steward.core.principal import Principal, Role
from steward.gateway.built_in import BUILT_IN
from steward.gateway.reach.keys import FirstKey, SettingsKeys
from steward.gateway.settings import GatewaySettings
from steward.gateway.vault.check import Address, check
from steward.permissions import people
from tests.gateway.key_server import KeyServer, key_server
from tests.gateway.safe import KEY, OTHER, Safe, open_safe
from tests.ledger.bank import ANN, START
from tests.places import Place, execute

URL = "https://api.example.com/v1"
ELSEWHERE = "https://api.example.net/v1"


@pytest.fixture
async def safe(place: Place, tmp_path: Path) -> AsyncGenerator[Safe]:
    async with open_safe(place, tmp_path) as safe:
        yield safe


@pytest.fixture
async def small(tmp_path: Path) -> AsyncGenerator[Safe]:
    """On SQLite only: what is shown does not depend on the database."""
    async with open_safe(tmp_path / "steward.db", tmp_path) as safe:
        yield safe


@pytest.fixture
async def provider() -> AsyncGenerator[KeyServer]:
    async with key_server() as server:
        server.accepted = {KEY.get_secret_value()}
        yield server


async def test_a_key_goes_in_is_used_replaced_and_thrown_away(
    safe: Safe, provider: KeyServer, place: Place
) -> None:
    address = Address("custom", provider.url)
    added = await safe.vault.add(ANN, address, KEY)
    assert (added.verdict, added.version, added.mask) == ("accepted", 1, "sk-…abcd")
    assert await safe.opens(provider.url) == KEY.get_secret_value()
    provider.accepted = {OTHER.get_secret_value()}
    assert (await safe.vault.validate(ANN, address)).verdict == "refused"
    rotated = await safe.vault.rotate(ANN, address, OTHER)
    assert (rotated.verdict, rotated.version, rotated.mask) == ("accepted", 2, "sk-…wxyz")
    assert await safe.opens(provider.url) == OTHER.get_secret_value()
    assert await safe.vault.reseal(ANN) == 1
    assert await safe.opens(provider.url) == OTHER.get_secret_value()
    await safe.vault.remove(ANN, address)
    assert await safe.opens(provider.url) is None
    trail = await safe.trail()
    assert [(entry.action, entry.detail.get("verdict")) for entry in trail] == [
        ("key.added", "accepted"),
        ("key.validated", "refused"),
        ("key.rotated", "accepted"),
        ("key.resealed", None),
        ("key.removed", "accepted"),
    ]
    assert {entry.actor for entry in trail} == {ANN.user}
    stored = repr([execute(place, f"SELECT * FROM {name}") for name in ("audit", "provider_key")])
    assert "0123456789" not in stored
    assert "9876543210" not in stored


async def test_a_key_is_given_for_its_own_host_and_for_no_other(small: Safe) -> None:
    await small.put(URL)
    for same in (URL, "https://api.example.com", "https://API.example.com:443/v2/"):
        assert await small.opens(same) == KEY.get_secret_value()
    for other in (
        ELSEWHERE,
        "http://api.example.com/v1",
        "https://api.example.com:8443/v1",
        "https://api.example.com.evil.example/v1",
        "https://api.example.com@evil.example/v1",
        "https://evil.example\\@api.example.com/v1",
        "http://127.0.0.1:8080/v1",
        "",
    ):
        assert await small.opens(other) is None, other
    assert await small.opens(URL, provider="openai") is None
    assert await small.keys("another tenant").key("custom", URL) is None


async def test_a_row_that_was_changed_or_put_elsewhere_does_not_open(
    safe: Safe, place: Place
) -> None:
    await safe.put(URL)
    await safe.put(ELSEWHERE, OTHER)
    sealed = "(SELECT sealed FROM provider_key WHERE host LIKE '%net%')"
    for change in (
        f"sealed = {sealed}",
        f"host = 'x', version = 1, sealed = {sealed}",
        "version = 7",
        "id = 'another'",
        "tenant_id = 'another'",
        "provider = 'openai'",
        "host = 'https://evil.example:443'",
    ):
        execute(place, "CREATE TABLE kept AS SELECT * FROM provider_key")
        execute(place, f"UPDATE provider_key SET {change} WHERE host LIKE '%com:443'")
        row = execute(place, "SELECT tenant_id, provider, host FROM provider_key ORDER BY host")
        safe.clock.advance(timedelta(seconds=2))
        named = next(each for each in row if each != (ANN.tenant_id, "custom", _net()))
        with pytest.raises(UnavailableError, match="not what was put there"):
            await safe.vault.keys.open(*named)
        execute(place, "DELETE FROM provider_key")
        execute(place, "INSERT INTO provider_key SELECT * FROM kept")
        execute(place, "DROP TABLE kept")
    safe.clock.advance(timedelta(seconds=2))
    assert await safe.opens(URL) == KEY.get_secret_value()


def _net() -> str:
    return "https://api.example.net:443"


async def test_a_changed_url_gets_no_key_to_validate(
    safe: Safe, place: Place, provider: KeyServer
) -> None:
    address = await safe.put(URL)
    execute(place, f"UPDATE provider_key SET url = '{provider.url}'")
    with pytest.raises(UnavailableError, match="sent nowhere"):
        await safe.vault.validate(ANN, address)
    assert provider.asked == []


async def test_a_new_key_is_stored_only_if_the_provider_accepts_it(
    small: Safe, provider: KeyServer
) -> None:
    address = Address("custom", provider.url)
    with pytest.raises(ProviderRefusedError, match="does not accept") as refused:
        await small.vault.add(ANN, address, OTHER)
    assert OTHER.get_secret_value() not in str(refused.value)
    assert await small.opens(provider.url) is None
    await small.vault.add(ANN, address, KEY)
    with pytest.raises(ProviderRefusedError):
        await small.vault.rotate(ANN, address, OTHER)
    assert await small.opens(provider.url) == KEY.get_secret_value()
    assert [entry.action for entry in await small.trail()] == ["key.added"]


async def test_anthropic_is_shown_the_key_in_its_own_way(small: Safe, provider: KeyServer) -> None:
    for url in (provider.host, provider.url):
        address = Address("anthropic", url)
        stored = await small.vault.add(ANN, address, KEY)
        assert stored.verdict == "accepted"
        await small.vault.remove(ANN, address)
    for request in provider.asked:
        assert (request.method, request.path) == ("GET", "/v1/models")
        assert request.headers["x-api-key"] == KEY.get_secret_value()
        assert request.headers["anthropic-version"] == "2023-06-01"
        assert "authorization" not in request.headers
    with pytest.raises(ProviderRefusedError):
        await small.vault.add(ANN, Address("anthropic", provider.host), OTHER)


async def test_a_page_that_everybody_may_read_is_not_asked_about_a_key() -> None:
    asked: list[str] = []

    async def note(url: str, _headers: Mapping[str, str]) -> int:
        asked.append(url)
        return 200

    for url in (BUILT_IN["openrouter"].home, URL):
        await check(note, Address("openrouter", url), KEY)
    assert asked == ["https://openrouter.ai/api/v1/key", f"{URL}/models"]


@pytest.mark.parametrize("status", [302, 307, 429, 500, 503])
async def test_an_answer_that_says_nothing_of_the_key_stores_nothing(
    small: Safe, provider: KeyServer, status: int
) -> None:
    async with key_server() as other:
        headers = {"Location": other.url + "/models"}
        provider.answer = lambda _: wire.error_response(status, "no", headers)
        with pytest.raises(UnavailableError, match=str(status)):
            await small.vault.add(ANN, Address("custom", provider.url), KEY)
        assert other.asked == [], "a redirect carried the key to another host"
    assert await small.vault.stored(ANN) == ()


async def test_a_provider_without_such_a_page_leaves_it_open(
    small: Safe, provider: KeyServer
) -> None:
    provider.answer = lambda _: wire.error_response(404, "nothing here")
    stored = await small.vault.add(ANN, Address("custom", provider.url), KEY)
    assert (stored.verdict, stored.checked_at) == ("unknown", None)


@pytest.mark.parametrize(
    "key",
    [
        *("", " ", "two words", "line\nend", "a\r\nX-Other: b", "n\0l", "k\N{SNOWMAN}y"),
        "x" * (PROVIDER_KEY_CHARS_MAX + 1),
    ],
    ids=ascii,
)
async def test_what_can_be_no_key_is_refused_and_not_repeated(small: Safe, key: str) -> None:
    with pytest.raises(InvalidInputError, match="is no key") as refused:
        await small.vault.add(ANN, Address("custom", URL), SecretStr(key), is_checked=False)
    assert len(key) < 3 or key not in str(refused.value)


@pytest.mark.parametrize("name", ["", "Open AI", "a/b", "x" * 65, "-x", "../x", "a\nb"], ids=ascii)
async def test_what_can_be_no_provider_is_refused(small: Safe, name: str) -> None:
    with pytest.raises(InvalidInputError, match="no name of a provider"):
        await small.vault.add(ANN, Address(name, URL), KEY, is_checked=False)


async def test_one_host_has_one_key_and_there_are_only_so_many(
    small: Safe, monkeypatch: pytest.MonkeyPatch
) -> None:
    await small.put(URL)
    with pytest.raises(InvalidInputError, match="steward key rotate"):
        await small.put("https://api.example.com/v2")
    monkeypatch.setattr("steward.gateway.vault.vault.PROVIDER_KEYS_MAX", 1)
    with pytest.raises(LimitError):
        await small.put(ELSEWHERE)
    for missing in (small.vault.remove, small.vault.validate):
        with pytest.raises(NotFoundError):
            await missing(ANN, Address("custom", ELSEWHERE))


async def test_whoever_may_not_touch_keys_is_asked_first_and_changes_nothing(
    tmp_path: Path, provider: KeyServer
) -> None:
    def ann_only(_session: Session, principal: Principal) -> None:
        if principal.user != ANN.user:
            raise NotPermittedError("Only Ann may do this; ask her.")

    bob = replace(ANN, user="bob")
    async with open_safe(tmp_path / "steward.db", tmp_path, ann_only) as safe:
        address = Address("custom", provider.url)
        await safe.vault.add(ANN, address, KEY)
        before, asked = safe.file.read_bytes(), len(provider.asked)
        for attempt in (
            safe.vault.add(bob, Address("custom", provider.host + "/v2"), OTHER),
            safe.vault.rotate(bob, address, OTHER),
            safe.vault.remove(bob, address),
            safe.vault.validate(bob, address),
            safe.vault.stored(bob),
            safe.vault.reseal(bob),
        ):
            with pytest.raises(NotPermittedError):
                await attempt
        assert await safe.opens(provider.url) == KEY.get_secret_value()
        assert (safe.file.read_bytes(), len(provider.asked)) == (before, asked)
        actions = [(entry.action, entry.actor) for entry in await safe.trail()]
        assert actions == [("key.added", "ann"), *[("key.refused", "bob")] * 6]


async def test_only_owners_and_admins_touch_keys(tmp_path: Path) -> None:
    roles: dict[str, Role] = {"ann": "owner", "bob": "admin", "eve": "developer", "dan": "viewer"}

    def add_all(session: Session) -> None:
        for user, role in roles.items():
            assert people.add(session, ANN, people.Person(user, role), START) is None

    async with open_safe(tmp_path / "steward.db", tmp_path, people.permit_keys) as safe:
        await safe.put(URL)
        await safe.database.run(add_all)
        for user in ("ann", "bob"):
            assert len(await safe.vault.stored(replace(ANN, user=user))) == 1
        for user in ("eve", "dan", "nobody"):
            with pytest.raises(NotPermittedError):
                await safe.vault.stored(replace(ANN, user=user))
        with pytest.raises(NotPermittedError):
            await safe.vault.stored(replace(ANN, tenant_id="another"))


async def test_a_list_says_how_old_a_key_is_and_when_it_was_used(
    small: Safe, tmp_path: Path
) -> None:
    address = await small.put(URL)
    small.clock.advance(timedelta(days=89, hours=23))
    (key,) = await small.vault.stored(ANN)
    assert not key.is_old(small.clock.now())
    assert key.last_used_at is None
    small.clock.advance(timedelta(hours=1))
    assert key.is_old(small.clock.now())
    first = small.clock.now()
    for _ in range(3):
        await small.opens(URL)
        small.clock.advance(timedelta(minutes=4))
    (key,) = await small.vault.stored(ANN)
    assert key.last_used_at == first
    await small.opens(URL)
    (key,) = await small.vault.stored(ANN)
    assert key.last_used_at == first + timedelta(minutes=12)
    await small.vault.rotate(ANN, address, OTHER, is_checked=False)
    (key,) = await small.vault.stored(ANN)
    assert not key.is_old(small.clock.now())


async def test_a_key_that_another_process_changed_holds_within_a_second(
    safe: Safe, place: Place, tmp_path: Path
) -> None:
    address = await safe.put(URL)
    assert await safe.opens(URL) == KEY.get_secret_value()
    async with open_safe(place, tmp_path) as other:
        await other.vault.rotate(ANN, address, OTHER, is_checked=False)
        safe.clock.advance(timedelta(seconds=1))
        assert await safe.opens(URL) == OTHER.get_secret_value()
        await other.vault.reseal(ANN)
        safe.clock.advance(timedelta(seconds=1))
        assert await safe.opens(URL) == OTHER.get_secret_value()
        await other.vault.remove(ANN, address)
        safe.clock.advance(timedelta(seconds=1))
        assert await safe.opens(URL) is None


async def test_a_key_in_the_settings_comes_before_the_one_in_the_vault(small: Safe) -> None:
    await small.put(URL)
    await small.put(ELSEWHERE)
    settings = GatewaySettings.model_validate({"url": URL, "key": OTHER})
    keys = FirstKey(SettingsKeys(settings), small.keys())
    assert await keys.key("custom", URL) == OTHER
    assert await keys.key("custom", ELSEWHERE) == KEY
    assert await keys.key("custom", "https://api.example.org/v1") is None


async def test_short_keys_show_nothing_of_themselves(small: Safe) -> None:
    await small.put(URL, SecretStr("short-key"))
    (key,) = await small.vault.stored(ANN)
    assert key.mask == "…"
