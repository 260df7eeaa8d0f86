"""Every operation of the API as its document describes it, tried by people of every standing.

What is sent is made of the document: what fits it, what nearly does, and ids of things that exist.
"""

import asyncio
import re
import sqlite3
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, cast, get_args
from urllib.parse import unquote_plus

import httpx
import pytest
import pytest_asyncio
import requests
import schemathesis
import schemathesis.checks
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.specs.openapi import checks as openapi

from steward.core.login import login_name
from steward.core.principal import Role
from tests.environment import ROOT
from tests.pages.house import WITHIN_S, Steward
from tests.pages.planting import plant

pytestmark = [
    pytest.mark.timeout(240),  # The first one fills the house.
    pytest.mark.asyncio(loop_scope="session"),
]

PEOPLE: Mapping[str, tuple[str, ...]] = {
    "owner": ("models", "reports", "manage"),
    "admin": ("models", "reports", "manage"),
    "maintainer": ("models", "reports", "manage"),
    "developer": ("models", "reports", "manage"),
    "viewer": ("models", "reports", "manage"),
    "stranger": ("models", "reports", "manage"),
    "reader": ("reports",),
    "program": ("models",),
}
"""Who tries, and what their token covers: each role, nobody of the organisation, each scope."""
_CHECKS = (
    cast("Any", schemathesis.checks).not_a_server_error,
    *(
        getattr(openapi, each)
        for each in (
            *("status_code_conformance", "content_type_conformance"),
            *("response_schema_conformance", "negative_data_rejection"),
        )
    ),
)
_INSIDE = ("Traceback", 'File "/', "SELECT ", "sqlite3.", "sqlalchemy", "0x7f", "site-packages")
"""What only the inside of the server knows."""
_SECRETS = ("canary-0123456789", "vault.key", "canary-environment")
_SEES_ALL = ("owner", "admin")
_PRIVATE = (
    *("goal", "message", "title", "body", "comment", "text", "said", "content", "reply", "note"),
    *("place", "value", "reason", "path", "session", "run_id"),
)
"""Columns with what somebody wrote or works on; names stand in sums, which reports tell."""
_CANARY = re.compile(r"private-(?:eva|max)-\w+")
_TRIED = "tried-"
"""How the names of those begin who try: nobody may change them."""
_IDS: Mapping[str, tuple[str, ...]] = {
    "run_id": ("run.id",),
    "run": ("run.id",),
    "approval_id": ("approval.id",),
    "request_id": ("reservation.request_id",),
    "key_id": ("provider_key.id",),
    "user": ("person.user",),
    "team": ("person.team",),
    "token_id": ("personal_token.id",),
    "session_id": ("page_session.id",),
    "agent_id": ("agent.id", "run.agent_id"),
    "agent": ("run.agent_id",),
    "extension_id": ("extension.id",),
    "feedback_id": ("feedback.id",),
    "seq": ("audit.seq",),
    "model": ("model_price.model", "reservation.model"),
    "provider": ("provider_key.provider",),
    "scope": ("budget.scope",),
    "path": ("folder_trust.path",),
    "subject": ("audit.subject",),
    "actor": ("audit.actor",),
}
"""Parameter → where what it names stands."""


@dataclass(frozen=True)
class Tried:
    """A server in a house with things of several people, and a token of each who tries."""

    url: str
    tokens: Mapping[str, str]
    known: Mapping[str, list[Any]]
    inside: tuple[str, ...]
    """What no answer may have in it."""


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def tried(filled: Steward, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Tried]:
    """The filled house, with more people and things of theirs in it."""
    house = filled.copy(tmp_path_factory.mktemp("tried") / "data")
    for number, user in enumerate(("eva", "max")):
        plant(house.data / "steward.db", number, partial(_canary, user))
    own = await house.token("reports", "manage", "models")
    async with house.serving() as url:
        async with httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=WITHIN_S) as client:
            client.headers["Authorization"] = f"Bearer {own}"
            tokens = {who: await _hired(client, who) for who in PEOPLE}
            gone = await client.delete(f"/people/{_TRIED}stranger")
            assert gone.status_code == 204, gone.text
        known = {name: _known(house, places) for name, places in _IDS.items()}
        yield Tried(url, tokens, known, (*_INSIDE, *_SECRETS, *tokens.values()))


async def _hired(client: httpx.AsyncClient, who: str) -> str:
    """The token of somebody who is new."""
    user, role = f"{_TRIED}{who}", who if who in get_args(Role) else "developer"
    came = await client.post("/people", json={"user": user, "role": role, "team": "tried"})
    assert came.status_code == 201, came.text
    wish = {"name": user, "user": user, "scopes": PEOPLE[who]}
    made = await client.post("/tokens", json=wish)
    assert made.status_code == 201, made.text
    token: str = made.json()["text"]
    return token


def _canary(user: str, column: str) -> str:
    if column in ("user", "created_by"):
        return user
    return f"{'private' if column in _PRIVATE else 'canary'}-{user}-{column}"


def _known(house: Steward, places: tuple[str, ...]) -> list[Any]:
    found = list[Any]()
    with closing(sqlite3.connect(house.data / "steward.db")) as connection:
        for table, _, column in (each.partition(".") for each in places):
            rows = connection.execute(f'SELECT DISTINCT "{column}" FROM "{table}"').fetchall()
            found += [value for (value,) in rows]
    own = login_name()
    return [each for each in found if each and each != own and not str(each).startswith(_TRIED)][
        :20
    ]


async def test_every_operation_keeps_to_its_document_whoever_asks(tried: Tried) -> None:
    await asyncio.to_thread(_try_all, tried, 1)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_every_operation_keeps_to_its_document_however_often(tried: Tried) -> None:
    await asyncio.to_thread(_try_all, tried, 20)


def _try_all(tried: Tried, examples: int) -> None:
    """Everything that is wrong, at once: each case is sent by each of them, the owner last."""
    faults = list[str]()
    document = schemathesis.openapi.from_path(ROOT / "schemas" / "openapi.json")
    with requests.Session() as session:
        session.trust_env = False
        all_of_it = cast("Iterable[Ok[Any]]", document.get_all_operations())
        for operation in (each.ok() for each in all_of_it):
            for mode in GenerationMode:
                trying = _trying(operation.as_strategy(mode), tried, session, faults, examples)
                with suppress(Unsatisfiable):  # Where nothing is sent, nothing can be wrong in it.
                    trying()
    assert faults == [], f"{len(faults)} faults:\n\n" + "\n\n".join(faults)


def _trying(
    cases: st.SearchStrategy[Any],
    tried: Tried,
    session: requests.Session,
    faults: list[str],
    examples: int,
) -> Callable[[], None]:
    @settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(case=cases, data=st.data())
    def trying(case: Any, data: st.DataObject) -> None:
        for place in (case.path_parameters, case.query):
            for name in sorted(place or {}):
                if tried.known.get(name) and data.draw(st.integers(0, 3)):
                    place[name] = data.draw(st.sampled_from(tried.known[name]))
        for who, token in tuple(tried.tokens.items())[::-1]:
            session.headers["Authorization"] = f"Bearer {token}"
            answer = case.call(base_url=tried.url, session=session)
            try:
                case.validate_response(answer, checks=list(_CHECKS))
                _look(answer, who, tried)
            except (FailureGroup, AssertionError) as fault:
                faults.append(f"{case.operation.label} by {who}: {fault}")

    return trying


def _look(answer: Response, who: str, tried: Tried) -> None:
    sent = unquote_plus(f"{answer.request.url}{answer.request.body}")
    leaks = [each for each in tried.inside if each in answer.text and each not in sent]
    assert leaks == [], f"{answer.request.url} tells {leaks}: {answer.text[:2000]}"
    assert answer.headers["x-request-id"], answer.request.url
    if who in ("stranger", "program"):
        assert 400 <= answer.status_code < 500, f"{answer.request.url}: {answer.text[:500]}"
    if who not in _SEES_ALL:
        others = {each for each in _CANARY.findall(answer.text) if each not in sent}
        assert not others, f"{answer.request.url} tells of others: {others} {answer.text[:1500]}"
