"""Registries: believed only forwards, from one key, within their time; and what they send."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from steward.core.clock import ManualClock
from steward.core.database import Database, open_database
from steward.core.errors import (
    InvalidInputError,
    LimitError,
    NotFoundError,
    PackageRefusedError,
    UnavailableError,
)
from steward.extensions.packages.catalogue import catalogue
from steward.extensions.packages.consent import Asked, warnings_of
from steward.extensions.packages.http import RegistryHttp, check_url, led_to
from steward.extensions.packages.index import counted, read_index, write_index, written_review
from steward.extensions.packages.lookalikes import look_alikes
from steward.extensions.packages.package import Author
from steward.extensions.packages.registries import Registries
from steward.extensions.packages.registry_folder import RegistryFolder, send_review
from steward.permissions.seal import approval_seal
from tests.extensions.packages.making import (
    ACME,
    ADA,
    BOB,
    MALLORY,
    NOON,
    packed,
    release,
    store,
)
from tests.places import execute

TEAM = Author(b"t" * 32)


def registries(database: Database, folder: Path, clock: ManualClock) -> Registries:
    return Registries(
        database, clock, approval_seal(folder, lambda: "5" * 64), RegistryHttp(wall_s=20)
    )


async def believe(_fingerprint: str) -> bool:
    return True


def made(folder: Path, *packages: bytes, author: Author = TEAM) -> RegistryFolder:
    own = RegistryFolder(folder, author, NOON)
    own.init("Ours")
    for each in packages:
        own.publish(each)
    return own


@asynccontextmanager
async def served(answer: Callable[[str], bytes]) -> AsyncGenerator[str]:
    """A web server on loopback that gives each path what `answer` says, head and all."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readline()).decode().split(" ")[1]
        while (await reader.readline()).strip():
            pass
        writer.write(answer(path))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield f"http://127.0.0.1:{port}"


def response(body: bytes, status: str = "200 OK", head: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body


async def test_a_registry_over_http_is_the_folder_as_it_lies_there(tmp_path: Path) -> None:
    own = tmp_path / "own"
    await asyncio.to_thread(made, own, packed())

    def answer(path: str) -> bytes:
        if path.startswith("/moved/"):
            return response(b"", "302 Found", f"Location: /real{path[6:]}\r\n")
        file = own / path.removeprefix("/real/")
        return response(file.read_bytes()) if file.is_file() else response(b"", "404 Not Found")

    async with open_database(tmp_path / "steward.db") as database, served(answer) as url:
        looking = registries(database, tmp_path, ManualClock(NOON))
        await looking.add(ADA, f"{url}/moved", believe)
        there = await catalogue(looking, ADA)
        found = there.newest("acme.painter")
        package = await looking.download(found.registry, found.release)
        assert package.content == packed()
        assert await looking.known(BOB) == ()
        with pytest.raises(NotFoundError):
            await looking.add(ADA, f"{url}/nowhere", believe)


def test_a_redirect_leaves_https_for_nothing() -> None:
    begun = "https://example.org/r/index.json"
    assert led_to(begun, "/s/index.json") == "https://example.org/s/index.json"
    assert led_to(begun, "https://cdn.example.org/i") == "https://cdn.example.org/i"
    for location in ("http://127.0.0.1:8080/x", "http://localhost/", "//[::1", "file:///x", "ftp:"):
        with pytest.raises(InvalidInputError):
            led_to(begun, location)


async def test_what_a_server_may_not_send(tmp_path: Path) -> None:
    def answer(path: str) -> bytes:
        match path:
            case "/round":
                return response(b"", "302 Found", "Location: /round\r\n")
            case "/away":
                return response(b"", "302 Found", "Location: http://192.0.2.1/index.json\r\n")
            case "/file":
                return response(b"", "302 Found", "Location: file:///etc/passwd\r\n")
            case "/large":
                return response(b"x" * 2000)
            case "/broken":
                return b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort"
            case _:
                return response(b"", "500 No")

    http = RegistryHttp(wall_s=20)
    async with served(answer) as url:
        for path, error in (
            ("round", UnavailableError),
            ("away", InvalidInputError),
            ("file", InvalidInputError),
            ("large", LimitError),
            ("broken", UnavailableError),
            ("else", UnavailableError),
        ):
            with pytest.raises(error):
                await http.download(f"{url}/{path}", 1000)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/r",
        "ftp://example.org",
        "file:///etc",
        "https://user:pass@example.org",
        "https://",
        "https://exa mple.org",
        "https://example.org/#x",
        "https://example.org:99999",
        "//example.org",
        "https://example.org/" + "x" * 500,
    ],
)
def test_an_address_that_is_not_safe_is_none(url: str) -> None:
    with pytest.raises(InvalidInputError):
        check_url(url)


async def test_an_index_never_goes_back_never_changes_its_key_and_ends(tmp_path: Path) -> None:
    own = tmp_path / "own"
    file = own / "index.json"
    running = await asyncio.to_thread(made, own)
    old = await asyncio.to_thread(file.read_bytes)
    clock = ManualClock(NOON)
    async with open_database(tmp_path / "steward.db") as database:
        looking = registries(database, tmp_path, clock)
        await looking.add(ADA, str(own), believe)
        await asyncio.to_thread(running.publish, packed())
        (known,) = await looking.known(ADA)
        new = await looking.look(ADA, known)

        async def refused(content: bytes, why: str) -> None:
            await asyncio.to_thread(file.write_bytes, content)
            with pytest.raises(PackageRefusedError, match=why):
                await looking.look(ADA, known)
            there = await catalogue(looking, ADA)
            assert (len(there.indexes), len(there.problems)) == (0, 1)

        await refused(old, "older or another one")
        forked = new.model_copy(update={"name": "Forked"})
        await refused(write_index(forked, TEAM), "older or another one")
        await refused(write_index(new, MALLORY), "another key than before")
        good = write_index(new, TEAM)
        await refused(good.replace(b"Ours", b"Evil"), "changed after it was signed")
        await refused(good.replace(b"{", b"{ ", 1), "one way that can be signed")
        await refused(good[:-2], "not what")
        far = new.model_copy(update={"sequence": 9, "expires_at": "2099-01-01T00:00:00Z"})
        await refused(write_index(far, TEAM), "longer than")
        late = {"signed_at": "2099-01-01T00:00:00Z", "expires_at": "2099-01-31T00:00:00Z"}
        await refused(write_index(far.model_copy(update=late), TEAM), "has not come yet")
        await asyncio.to_thread(file.write_bytes, good)
        assert (await looking.look(ADA, known)) == new
        clock.advance(timedelta(days=31))
        with pytest.raises(PackageRefusedError, match="holding back"):
            await looking.look(ADA, known)
        execute(tmp_path / "steward.db", "UPDATE extension_registry SET sequence = 1")
        with pytest.raises(PackageRefusedError, match="past Steward"):
            await looking.known(ADA)


async def test_a_package_that_is_not_the_one_of_the_index_is_refused(tmp_path: Path) -> None:
    own = tmp_path / "own"
    await asyncio.to_thread(made, own, packed())
    file = own / "packages" / "acme.painter" / "1.0.0.stewardext"
    async with open_database(tmp_path / "steward.db") as database:
        looking = registries(database, tmp_path, ManualClock(NOON))
        await looking.add(ADA, str(own), believe)
        found = (await catalogue(looking, ADA)).newest("acme.painter")
        await asyncio.to_thread(
            file.write_bytes, packed(files={"more.txt": b"x"})[: found.release.size]
        )
        with pytest.raises(PackageRefusedError, match="not the package"):
            await looking.download(found.registry, found.release)
        await asyncio.to_thread(file.write_bytes, packed())
        lied = found.release.model_copy(update={"version": "1.0.1"})
        await asyncio.to_thread(file.with_name("1.0.1.stewardext").write_bytes, packed())
        with pytest.raises(PackageRefusedError, match="something else"):
            await looking.download(found.registry, lied)


async def test_two_registries_with_one_id_from_two_publishers_are_not_chosen_between(
    tmp_path: Path,
) -> None:
    await asyncio.to_thread(made, tmp_path / "a", packed())
    await asyncio.to_thread(made, tmp_path / "b", packed("9.0.0", author=MALLORY))
    async with open_database(tmp_path / "steward.db") as database:
        looking = registries(database, tmp_path, ManualClock(NOON))
        for name in ("a", "b"):
            await looking.add(ADA, str(tmp_path / name), believe)
        with pytest.raises(InvalidInputError, match="different keys"):
            (await catalogue(looking, ADA)).newest("acme.painter")
        only = await catalogue(looking, ADA, str(tmp_path / "a"))
        assert only.newest("acme.painter").release.version == "1.0.0"


async def test_a_revoked_key_installs_nothing_even_from_a_file(tmp_path: Path) -> None:
    running = await asyncio.to_thread(made, tmp_path / "own")
    async with open_database(tmp_path / "steward.db") as database:
        looking = registries(database, tmp_path, ManualClock(NOON))
        packages = store(database, tmp_path)
        await looking.add(ADA, str(tmp_path / "own"), believe)
        await asyncio.to_thread(running.revoke, release().key)
        await catalogue(looking, ADA)
        with pytest.raises(PackageRefusedError, match="was revoked"):
            await packages.install(ADA, release(), [])
        # What was revoked once stays so, whatever a later index says.
        index = read_index(await asyncio.to_thread((tmp_path / "own/index.json").read_bytes)).index
        later = index.model_copy(update={"sequence": 99, "revoked": ()})
        await asyncio.to_thread((tmp_path / "own/index.json").write_bytes, write_index(later, TEAM))
        await catalogue(looking, ADA)
        with pytest.raises(PackageRefusedError, match="was revoked"):
            await packages.install(ADA, release(), [])


def test_votes_are_counted_once_for_each_key_and_never_for_the_publisher(tmp_path: Path) -> None:
    own = made(tmp_path, packed())
    of = ("acme.painter", "1.0.0")
    bob = Author(b"b" * 32)
    reviews = [
        written_review(bob, of, 1, "bad", NOON),
        written_review(bob, of, 4, "better", NOON + timedelta(hours=1)),
        written_review(MALLORY, of, 5, "", NOON),
        written_review(ACME, of, 5, "mine", NOON),
        written_review(bob, ("acme.other", "1.0.0"), 5, "", NOON),
    ]
    reviews.append(reviews[2].model_copy(update={"stars": 1, "written_at": "2027-01-01T00:00:00Z"}))
    index = own.sign()
    counting = counted(reviews, index.releases)
    assert [(each.stars, each.text) for each in counting["acme.painter"]] == [
        (4, "better"),
        (5, ""),
    ]
    assert set(counting) == {"acme.painter"}
    for each in reviews:
        send_review(tmp_path, each)
    (tmp_path / "reviews" / "x.json").write_text(json.dumps({"stars": 5}), "utf-8")
    assert len(own.sign().reviews) <= 2


def test_a_registry_takes_no_older_release_no_other_bytes_and_no_other_key(tmp_path: Path) -> None:
    own = made(tmp_path, packed("1.1.0"))
    own.publish(packed("1.1.0"))
    for package in (
        packed("1.0.0"),
        packed("1.1.0", files={"more.txt": b"x"}),
        packed("1.2.0", author=MALLORY),
        packed(extension="acme.other", author=MALLORY),
    ):
        with pytest.raises(PackageRefusedError):
            own.publish(package)
    with pytest.raises(PackageRefusedError, match="another key than yours"):
        RegistryFolder(tmp_path, MALLORY, NOON).sign()


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("acme.paint", "acme.pa1nt"),
        ("acrne.painter", "acme.painter"),
        ("acme.painter", "acme.paintr"),
        ("acme.pianter", "acme.painter"),
        ("ac-me.painter", "acme.painter"),
    ],
)
def test_an_id_that_could_be_taken_for_another_is_warned_of(name: str, known: str) -> None:
    assert look_alikes(name, [known, "other.one"]) == (known,)
    manifest = release(extension=name).manifest
    warned = warnings_of(manifest, Asked("00", is_known=False, known_ids=[known]))
    assert f"looks like {known}" in warned[0]


def test_a_publisher_that_looks_like_steward_is_warned_of() -> None:
    manifest = release(extension="stevvard.painter").manifest
    assert "looks like steward" in warnings_of(manifest, Asked("00", is_known=False))[0]
