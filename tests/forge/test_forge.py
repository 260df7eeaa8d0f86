"""What the forge's answers come to, over real HTTP and in the words that GitHub uses."""

import threading
from collections.abc import Generator
from pathlib import Path

import pytest
from pydantic import SecretStr

from steward.core.errors import RateLimitedError, StewardError
from steward.forge.forge import Forge
from steward.forge.http import ForgeHttp
from steward.forge.pull_request import Wanted
from steward.forge.settings import ForgeSettings
from tests.environment import git
from tests.forge_server import REPOSITORY, TOKEN, Answer, Asked, ForgeServer, Said, refusal, serving

WANTED = Wanted(REPOSITORY, "main", "steward/fix", "Title", "Text")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[ForgeServer]:
    with serving(tmp_path_factory.mktemp("forge")) as server:
        tree = git(server.repository, "hash-object", "-t", "tree", "-w", "/dev/null")
        identity = ("-c", "user.name=Ada", "-c", "user.email=a@b.c")
        commit = git(server.repository, *identity, "commit-tree", "-m", "One", tree)
        for branch in ("main", WANTED.head):
            git(server.repository, "update-ref", f"refs/heads/{branch}", commit)
        yield server


@pytest.fixture
def server(served: ForgeServer) -> ForgeServer:
    served.answer = lambda _asked: None
    served.pulls.clear()
    served.asked.clear()
    return served


def forge(server: ForgeServer, wall_s: float = 20.0, **more: object) -> Forge:
    settings = ForgeSettings.model_validate(server.settings(**more))

    async def token() -> SecretStr | None:
        return settings.token

    return Forge(settings, token, ForgeHttp(wall_s))


def posting(said: Said) -> Answer:
    def answer(asked: Asked) -> Said | None:
        return said if asked.method == "POST" else None

    return answer


async def test_a_pull_request_is_opened_once_and_found_afterwards(server: ForgeServer) -> None:
    made = await forge(server).open(WANTED)
    assert made == await forge(server).open(WANTED) == await forge(server).find(WANTED)
    assert made.named() == f"#1 ({server.url}/{REPOSITORY}/pull/1)"
    assert len(server.of_api("POST")) == 1
    (posted,) = server.of_api("POST")
    assert posted.authorization == f"Bearer {TOKEN}"
    assert TOKEN not in posted.path


async def test_a_forge_that_lists_more_than_it_was_asked_for_is_not_believed(
    server: ForgeServer,
) -> None:
    other = server.open_pull("Another", "main", "develop")
    fork = server.open_pull("A fork's", WANTED.head, "main")
    fork["head"]["repo"]["full_name"] = "mallory/shop"
    everything = Said(200, [other, fork, {"number": True}, None, 7])
    server.answer = lambda asked: everything if asked.method == "GET" else None
    assert await forge(server).find(WANTED) is None


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (refusal(401, "Bad credentials"), "does not accept the token"),
        (refusal(403, "Resource not accessible by personal access token"), "does not let this"),
        (refusal(404, "Not Found"), "knows no such repository"),
        (refusal(422, "Validation Failed", f"No: {TOKEN}"), "does not take this"),
        (Said(301, {"url": "x"}, {"Location": "{elsewhere}"}), "sends us elsewhere"),
        (Said(307, {"url": "x"}, {"Location": "{elsewhere}"}), "sends us elsewhere"),
        (Said(500, b"<html>oops"), "answers 500"),
        (Said(201, {"number": "x"}), "answers 201"),
        (Said(200, b"[" * 100_000), "answers 200"),
        (Said(200, b'"' + b"x" * (5 << 20) + b'"'), "which is too much"),
    ],
)
async def test_a_refusal_says_what_to_do_and_never_the_token(
    server: ForgeServer, said: Said, told: str, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level("DEBUG")
    with serving(tmp_path / "elsewhere") as elsewhere:
        headers = {
            name: value.format(elsewhere=elsewhere.remote) for name, value in said.headers.items()
        }
        server.answer = posting(Said(said.status, said.body, headers))
        with pytest.raises(StewardError, match=told) as caught:
            await forge(server).open(WANTED)
        assert elsewhere.asked == []
    assert TOKEN not in str(caught.value) + caplog.text
    assert caught.value.__cause__ is None


async def test_a_limit_says_when_to_come_back(server: ForgeServer) -> None:
    used_up = Said(403, {"message": "limit"}, {"X-RateLimit-Remaining": "0"})
    pause = Said(429, {"message": "slow down"}, {"Retry-After": "60"})
    for said, after_s in ((used_up, None), (pause, 60.0)):
        server.answer = posting(said)
        with pytest.raises(RateLimitedError) as caught:
            await forge(server).open(WANTED)
        assert caught.value.retry_after_s == after_s


async def test_a_page_that_could_mislead_is_not_shown(server: ForgeServer) -> None:
    pull = server.open_pull("Mine", WANTED.head, "main")
    for page in ("javascript:alert(1)", "https://a@b.example/", "https://x/`rm`", "http://x/", 7):
        pull["html_url"] = page
        found = await forge(server).find(WANTED)
        assert found is not None
        assert found.named() == "#1"


async def test_a_forge_that_is_silent_or_gone_is_not_waited_for(server: ForgeServer) -> None:
    gate = threading.Event()

    def answer(_asked: Asked) -> Said | None:
        gate.wait(20)
        return None

    server.answer = answer
    with pytest.raises(StewardError, match="did not answer within"):
        await forge(server, wall_s=0.2).find(WANTED)
    gate.set()
    with pytest.raises(StewardError, match="cannot be reached"):
        await forge(server, api="http://127.0.0.1:9").find(WANTED)
