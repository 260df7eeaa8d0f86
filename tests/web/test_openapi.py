"""The API describes itself: completely, and to whoever has signed in."""

import re
from typing import Any

from steward.permissions.tokens import Scope
from steward.web.rest.application import build_routes
from steward.web.rest.document import document_of
from tests.web.conftest import serving
from tests.web.serving import Serving

__all__ = ["serving"]

REPORTS: frozenset[Scope] = frozenset(["reports"])
_ID = re.compile(r"[a-z]+\.[a-z_]+")


def operations() -> list[tuple[str, dict[str, Any]]]:
    paths = document_of(build_routes())["paths"]
    return [(method, each) for methods in paths.values() for method, each in methods.items()]


def test_every_operation_has_a_name_of_its_own_and_says_what_it_is_for() -> None:
    found = [each for _, each in operations()]
    names = [each["operationId"] for each in found]
    assert len(set(names)) == len(names)
    assert [name for name in names if _ID.fullmatch(name) is None] == []
    assert [each["operationId"] for each in found if not each.get("description")] == []
    assert {each["x-steward-who"] for each in found} <= {"reports", "manage", "person"}


def test_every_change_takes_a_key_and_every_operation_tells_its_errors_in_one_shape() -> None:
    for method, each in operations():
        named = [one["name"] for one in each.get("parameters", [])]
        assert ("Idempotency-Key" in named) == (method != "get"), each["operationId"]
        for status in ("400", "401", "403", "404"):
            (content,) = each["responses"][status]["content"].values()
            assert content["schema"] == {"$ref": "#/components/schemas/Failed"}
        assert "422" not in each["responses"]


async def test_a_server_tells_the_document_that_is_checked_in(serving: Serving) -> None:
    token, _ = await serving.fresh_token(scopes=REPORTS)
    headers = {"Authorization": f"Bearer {token}"}
    told = await serving.client.get("/api/v1/openapi.json", headers=headers)
    assert told.json() == document_of(build_routes())
    assert set(told.json()["components"]["securitySchemes"]) == {"token", "session"}
