"""People, teams and tokens over the API: read by whom, changed by whom, and never beyond a role."""

from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from steward.permissions.tokens import Scope
from tests.web.organisation import API, EVERYTHING, Organisation, open_organisation
from tests.web.serving import Serving


@pytest.fixture
async def firm(serving: Serving) -> AsyncGenerator[Organisation]:
    async with open_organisation(serving) as opened:
        yield opened


async def test_everybody_sees_who_is_here_and_only_admins_how_they_work(
    firm: Organisation,
) -> None:
    seen = await firm.get("dan", "/people")
    assert [each["user"] for each in seen["items"]] == ["adam", "dan", "lea", "olga", "vera"]
    assert (seen["next"], seen["is_alone"], seen["roles_given"]) == (None, False, [])
    by_name = {each["user"]: each for each in seen["items"]}
    assert (by_name["dan"]["runs"], by_name["olga"]["runs"]) == (0, None)
    assert by_name["olga"]["tokens"] is None
    theirs = await firm.get("adam", "/people/dan")
    assert (theirs["role"], theirs["team"], theirs["tokens"]) == ("developer", "red", 1)
    first = await firm.get("dan", "/people", limit=2)
    second = await firm.get("dan", "/people", limit=200, after=first["next"])
    assert [each["user"] for each in (*first["items"], *second["items"])] == sorted(by_name)


async def test_who_is_alone_is_told_so_and_becomes_an_organisation(serving: Serving) -> None:
    async with open_organisation(serving) as firm:
        assert not (await firm.get("olga", "/people"))["is_alone"]


async def test_people_come_change_and_go(firm: Organisation) -> None:
    made = await firm.ask("adam", "POST", "/people", json={"user": "new/one", "team": "red"})
    assert made.status_code == 201
    assert made.json()["role"] == "developer"
    lead = await firm.ask("adam", "PATCH", "/people/new/one", json={"is_lead": True})
    assert lead.json()["is_lead"] is True
    assert not (await firm.get("adam", "/people/lea"))["is_lead"], "a team has one lead"
    moved = await firm.ask("adam", "PATCH", "/people/new/one", json={"team": "blue"})
    assert (moved.json()["team"], moved.json()["is_lead"]) == ("blue", False)
    gone = await firm.ask("adam", "DELETE", "/people/new/one")
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await firm.ask("adam", "GET", "/people/new/one")).status_code == 404


@pytest.mark.parametrize(
    ("who", "method", "path", "body"),
    [
        ("dan", "PATCH", "/people/dan", {"role": "owner"}),
        ("adam", "PATCH", "/people/adam", {"role": "owner"}),
        ("adam", "PATCH", "/people/olga", {"role": "viewer"}),
        ("adam", "POST", "/people", {"user": "eve", "role": "admin"}),
        ("lea", "POST", "/people", {"user": "eve"}),
        ("vera", "DELETE", "/people/dan", None),
        ("adam", "DELETE", "/people/olga", None),
        ("olga", "DELETE", "/people/olga", None),
        ("olga", "PATCH", "/people/olga", {"role": "admin"}),
        ("olga", "PATCH", "/people/vera", {"role": "viewer", "is_lead": True}),
    ],
)
async def test_nobody_changes_more_than_their_role_includes(
    firm: Organisation, who: str, method: str, path: str, body: dict[str, object] | None
) -> None:
    before = (await firm.get("olga", "/people"))["items"]
    refused = await firm.ask(who, method, path, json=body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "steward.not_permitted")
    strip = [{**each, "tokens": 0} for each in (await firm.get("olga", "/people"))["items"]]
    assert strip == [{**each, "tokens": 0} for each in before]
    last = (await firm.serving.trail())[-1]
    assert (last.actor, last.action) == (who, "people.refused")


@pytest.mark.parametrize(
    "more",
    [{"is_admin": True}, {"tenant_id": "acme"}, {"budget": 1}, {"scopes": ["manage"]}],
)
async def test_a_field_that_nobody_asked_for_is_refused_and_nothing_changes(
    firm: Organisation, more: dict[str, object]
) -> None:
    for method, path, body in (
        ("POST", "/people", {"user": "eve"}),
        ("PATCH", "/people/dan", {"team": "blue"}),
    ):
        refused = await firm.ask("olga", method, path, json={**body, **more})
        assert (refused.status_code, refused.json()["error"]["code"]) == (
            400,
            "steward.invalid_input",
        )
    assert (await firm.get("olga", "/people/dan"))["team"] == "red"
    assert (await firm.ask("olga", "GET", "/people/eve")).status_code == 404


async def test_teams_are_those_that_people_belong_to(firm: Organisation) -> None:
    teams = await firm.get("vera", "/teams")
    assert [(each["team"], each["members"], each["lead"]) for each in teams["items"]] == [
        ("blue", 1, None),
        ("red", 2, "lea"),
    ]
    whole = await firm.get("vera", "/teams/red")
    assert [each["user"] for each in whole["people"]] == ["dan", "lea"]
    assert whole["team"]["spent_nano_usd"] == 0
    assert (await firm.ask("vera", "GET", "/teams/green")).status_code == 404


async def test_a_token_is_told_once_and_never_again(firm: Organisation) -> None:
    made = await firm.ask(
        "dan", "POST", "/tokens", json={"name": "laptop", "scopes": ["reports"], "days": 7}
    )
    assert made.status_code == 201
    text, token = made.json()["text"], made.json()["token"]
    assert token["state"] == "in force"
    assert token in (await firm.get("dan", "/tokens"))["items"]
    everything = [
        (await firm.ask("dan", "GET", "/tokens", params={"every": True})).text,
        (await firm.ask("olga", "GET", "/audit/export")).text,
        (await firm.ask("dan", "GET", "/audit")).text,
    ]
    secret = text.removeprefix("stw_")
    assert not [each for each in everything if secret in each]
    firm.serving.clock.advance(timedelta(days=8))
    ended = await firm.get("dan", "/tokens", every=True)
    assert [each["state"] for each in ended["items"] if each["id"] == token["id"]] == ["expired"]


async def test_a_token_made_through_a_token_is_never_for_more(firm: Organisation) -> None:
    narrow: frozenset[Scope] = frozenset(["manage"])
    client = await firm.client("olga", narrow)
    wanted = {"name": "more", "scopes": ["manage", "models"]}
    refused = await client.post(f"{API}/tokens", json=wanted)
    assert refused.status_code == 403
    assert (await firm.serving.trail())[-1].action == "token.refused"
    made = await client.post(f"{API}/tokens", json={**wanted, "scopes": ["manage"]})
    assert made.status_code == 201


async def test_tokens_are_kept_by_their_people_and_by_who_stands_above_them(
    firm: Organisation,
) -> None:
    mine = {"name": "mine", "scopes": ["models"]}
    made = (await firm.ask("dan", "POST", "/tokens", json=mine)).json()["token"]
    for other in ("lea", "vera"):
        path = f"/tokens/{made['id']}"
        assert (await firm.ask(other, "DELETE", path)).status_code == 403
        assert (await firm.ask(other, "GET", "/tokens", params={"user": "dan"})).status_code == 403
    owners = {**mine, "user": "olga"}
    assert (await firm.ask("adam", "POST", "/tokens", json=owners)).status_code == 403
    assert (await firm.ask("adam", "DELETE", f"/tokens/{made['id']}")).status_code == 204
    listed = await firm.get("dan", "/tokens", every=True)
    assert [each["state"] for each in listed["items"] if each["id"] == made["id"]] == ["revoked"]


async def test_who_was_removed_reads_nothing_and_their_tokens_open_nothing(
    firm: Organisation,
) -> None:
    assert (await firm.ask("vera", "GET", "/people")).status_code == 200
    await firm.ask("olga", "DELETE", "/people/vera")
    firm.serving.clock.advance(timedelta(seconds=1))
    for path in ("/people", "/teams", "/workspaces", "/audit", "/security", "/activity"):
        answer = await firm.ask("vera", "GET", path)
        assert answer.status_code == 401, path


async def test_a_token_for_reports_changes_nothing(firm: Organisation) -> None:
    reads = await firm.client("olga", EVERYTHING - {"manage"})
    for method, path, body in (
        ("POST", "/people", {"user": "eve"}),
        ("PATCH", "/people/dan", {"team": "blue"}),
        ("DELETE", "/people/dan", None),
        ("POST", "/tokens", {"name": "x"}),
        ("DELETE", "/tokens/token1", None),
        ("POST", "/workspaces/distrust", {"path": "/x"}),
        ("POST", "/audit/checks", {}),
    ):
        answer = await reads.request(method, f"{API}{path}", json=body)
        assert answer.status_code == 403, path


async def test_a_list_of_tokens_goes_on_though_the_last_one_shown_is_revoked(
    firm: Organisation,
) -> None:
    for name in ("one", "two", "three", "four"):
        made = await firm.ask("dan", "POST", "/tokens", json={"name": name})
        assert made.status_code == 201, made.text
    whole = [each["id"] for each in (await firm.get("dan", "/tokens"))["items"]]
    first = await firm.get("dan", "/tokens", limit=2)
    last = first["items"][-1]["id"]
    assert (await firm.ask("dan", "DELETE", f"/tokens/{last}")).status_code == 204
    rest = await firm.get("dan", "/tokens", limit=200, after=first["next"])
    assert [each["id"] for each in rest["items"]] == whole[2:]
