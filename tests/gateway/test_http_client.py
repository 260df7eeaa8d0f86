"""The connection itself: when a request counts as sent, how long it may take, where keys go."""

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pydantic import SecretStr, ValidationError

from demo.replies import Reply, always, say
from demo.scripted_model import ScriptedModel
from steward.core.errors import ProviderRefusedError, RateLimitedError, UnavailableError
from steward.gateway.provider import Provider
from steward.gateway.reach.http import HttpClient, Patience
from steward.gateway.reach.keys import FirstKey, SettingsKeys
from steward.gateway.reach.providers import open_providers
from steward.gateway.settings import GatewaySettings, ModelSettings
from tests.gateway.desk import KEY, asked
from tests.gateway.raw import END, HEAD, MODEL, delta, pieces, provider_at, server, stream

BEGIN = HEAD + b"data: " + delta({"content": "a"}).encode() + b"\n\n"
SHORT = Patience(connect_s=5, first_piece_s=0.2, idle_s=0.2, whole_s=10)
PINGS = b":" + b" still there" * 4 + b"\n\n"


@dataclass(frozen=True)
class OneKey:
    written: str = KEY

    async def key(self, provider: str, base_url: str) -> SecretStr | None:
        return SecretStr(self.written)


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


async def test_a_request_counts_as_sent_before_a_byte_of_it_arrives() -> None:
    order: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):  # The second request comes over the same connection.
            await reader.readuntil(b"\r\n\r\n")
            order.append("arrived")
            body = stream(END, "[DONE]").partition(b"\r\n\r\n")[2]
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                b"Content-Length: %d\r\n\r\n" % len(body) + body
            )
            await writer.drain()
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        async with provider_at(f"http://127.0.0.1:{port}/v1") as provider:
            prepared = provider.encode(MODEL, asked())
            for _ in range(2):
                async for _ in provider.stream(prepared, lambda: order.append("sent")):
                    pass
    assert order == ["sent", "arrived", "sent", "arrived"]


async def test_what_reached_nobody_was_not_sent() -> None:
    sent: list[bool] = []
    for url in (f"http://127.0.0.1:{closed_port()}/v1", "http://nobody.invalid/v1"):
        with pytest.raises(UnavailableError, match="cannot be reached"):
            await pieces(url, on_sent=lambda: sent.append(True))
    assert sent == []


async def test_what_was_sent_to_somebody_who_hangs_up_was_sent() -> None:
    sent: list[bool] = []
    async with server(b"") as url:
        with pytest.raises(UnavailableError, match="broke"):
            await pieces(url, on_sent=lambda: sent.append(True))
    assert sent == [True]


async def test_a_certificate_that_nobody_vouches_for_gets_nothing(tmp_path: Path) -> None:
    sent: list[bool] = []
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own_certificate(tmp_path))

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(stream(END))
        writer.close()

    stranger = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with stranger:
        port = stranger.sockets[0].getsockname()[1]
        with pytest.raises(UnavailableError, match="Certificate"):
            await pieces(f"https://127.0.0.1:{port}/v1", on_sent=lambda: sent.append(True))
    assert sent == []


def own_certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1, with its key, signed by nobody but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=datetime(2020, 1, 1, tzinfo=UTC),
        not_valid_after=datetime(2100, 1, 1, tzinfo=UTC),
    ).add_extension(here, critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    file = folder / "certificate.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    return file


@pytest.mark.parametrize(
    ("response", "endless"),
    [(b"", b""), (HEAD, b""), (BEGIN, b""), (HEAD, PINGS)],
    ids=["no answer", "no piece", "silence after a piece", "comments instead of a piece"],
)
async def test_whoever_is_too_slow_is_left(response: bytes, endless: bytes) -> None:
    gone = None if endless else asyncio.Event()
    async with server(response, gone=gone, endless=endless) as url:
        with pytest.raises(UnavailableError, match="too slow"):
            await pieces(url, patience=SHORT)
        if gone is not None:
            async with asyncio.timeout(20):
                await gone.wait()


async def test_a_stream_that_never_ends_is_left_in_the_end(scripted_model: ScriptedModel) -> None:
    scripted_model.script = always(Reply(pieces=("a",) * 10_000, piece_delay_s=0.02))
    patience = Patience(connect_s=5, first_piece_s=5, idle_s=5, whole_s=0.4)
    with pytest.raises(UnavailableError, match="too slow"):
        await pieces(scripted_model.url, patience=patience)
    exchange = await scripted_model.arrived()
    await exchange.closed_early()


async def test_a_model_that_has_begun_may_take_longer_than_it_may_to_begin(
    scripted_model: ScriptedModel,
) -> None:
    scripted_model.script = always(Reply(pieces=("a", "b", "c"), piece_delay_s=0.2))
    patience = Patience(connect_s=5, first_piece_s=0.3, idle_s=5, whole_s=20)
    assert len(await pieces(scripted_model.url, patience=patience)) == 5


async def test_leaving_closes_the_connection_before_the_next_piece(
    scripted_model: ScriptedModel,
) -> None:
    scripted_model.script = always(Reply(pieces=("a",) * 1_000, piece_delay_s=0.02))
    async with provider_at(scripted_model.url) as provider:
        prepared = provider.encode(MODEL, asked())
        async with aclosing(provider.stream(prepared, lambda: None)) as answer:
            await anext(answer)
        exchange = await scripted_model.arrived()
        await exchange.closed_early()


async def test_cancelling_before_the_first_piece_closes_the_connection_too(
    scripted_model: ScriptedModel,
) -> None:
    scripted_model.script = always(Reply(pieces=("a",), hold=asyncio.Event()))
    task = asyncio.get_running_loop().create_task(pieces(scripted_model.url))
    exchange = await scripted_model.arrived()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await exchange.closed_early()


async def test_nobody_leaves_cookies() -> None:
    seen: list[tuple[str, bytes]] = []
    cookie = stream(END).replace(b"\r\n", b"\r\nSet-Cookie: a=b; Path=/\r\n", 1)
    async with server(cookie, seen=seen) as url, provider_at(url) as provider:
        prepared = provider.encode(MODEL, asked())
        for _ in range(2):
            async for _ in provider.stream(prepared, lambda: None):
                pass
    assert len(seen) == 2
    assert "ookie" not in seen[1][0]


async def test_headers_without_measure_are_an_error() -> None:
    for head in (b"X: " + b"x" * 100_000, b"\r\n".join(b"X%d: x" % n for n in range(10_000))):
        async with server(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n") as url:
            with pytest.raises(UnavailableError, match="broke"):
                await pieces(url)


# --- Keys ---------------------------------------------------------------------


@pytest.mark.parametrize("key", ["sk-a\r\nX-Evil: 1", "sk-\x00", "schlüssel"])
async def test_a_key_that_is_none_is_not_sent(key: str) -> None:
    seen: list[tuple[str, bytes]] = []
    async with server(stream(END), seen=seen) as url:
        with pytest.raises(ProviderRefusedError, match="characters") as error:
            await pieces(url, keys=OneKey(key))
    assert seen == []
    assert key not in str(error.value)


async def test_no_key_travels_unencrypted_wherever_it_comes_from() -> None:
    with pytest.raises(ProviderRefusedError, match="unencrypted"):
        await pieces("http://model.invalid/v1", keys=OneKey())
    with pytest.raises(ValidationError, match="unencrypted"):
        GatewaySettings.model_validate(
            {"providers": {"mine": {"url": "http://model.invalid/v1", "key": KEY}}}
        )


@pytest.mark.parametrize(
    ("url", "has_key"),
    [
        ("https://model.example/v1", True),
        ("https://MODEL.example:443/other", True),
        ("https://model.example:8443/v1", False),
        ("http://model.example/v1", False),
        ("https://model.example./v1", True),
        ("https://model.example.evil.example/v1", False),
        ("https://evil.example/model.example", False),
    ],
)
async def test_a_key_belongs_to_scheme_host_and_port(url: str, has_key: bool) -> None:
    keys = SettingsKeys(
        GatewaySettings.model_validate(
            {"providers": {"mine": {"url": "https://model.example/v1", "key": KEY}}}
        )
    )
    assert (await keys.key("mine", url) is not None) == has_key
    assert await keys.key("other", url) is None


async def test_a_key_of_a_provider_does_not_follow_it_to_a_changed_address(
    scripted_model: ScriptedModel,
) -> None:
    scripted_model.script = always(say("hello"))
    before = {"openai_key": KEY, "providers": {"anthropic": {"key": KEY}}}
    old = SettingsKeys(GatewaySettings.model_validate(before))
    moved = {
        name: {"url": scripted_model.url, "wire": "openai"} for name in ("anthropic", "openai")
    }
    settings = GatewaySettings.model_validate({"providers": moved})
    client = HttpClient()
    for name, provider in open_providers(settings, old, client).items():
        assert name in moved
        await finish(provider)
    await client.close()
    assert len(scripted_model.exchanges) == 2
    assert KEY not in str([exchange.headers for exchange in scripted_model.exchanges])


async def finish(provider: Provider) -> None:
    async for _ in provider.stream(provider.encode(MODEL, asked()), lambda: None):
        pass


async def test_the_first_source_that_has_a_key_is_taken() -> None:
    empty = SettingsKeys(GatewaySettings())
    found = await FirstKey(empty, OneKey("first"), OneKey("second")).key("x", "https://y")
    assert found is not None
    assert found.get_secret_value() == "first"
    assert await FirstKey(empty).key("x", "https://y") is None


@pytest.mark.parametrize("path", ["@evil.example/", "//evil.example", "/../x y", "/a?b", "x"])
def test_a_path_cannot_name_another_host(path: str) -> None:
    if path.startswith("//"):
        # Below a base URL two slashes are a path like any other.
        assert ModelSettings.model_validate({"fill": {"path": path}})
        return
    with pytest.raises(ValidationError):
        ModelSettings.model_validate({"fill": {"path": path}})


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example\\@evil.example/",
        "https://user:pass@a.example",
        "https://a.example/v1?key=x",
        "https://a b",
        "https://a\n.example",
        "ftp://a.example",
        "https://",
    ],
)
def test_an_address_that_could_mean_another_is_refused(url: str) -> None:
    for settings in ({"url": url}, {"providers": {"mine": {"url": url}}}):
        with pytest.raises(ValidationError):
            GatewaySettings.model_validate(settings)


# --- Providers ----------------------------------------------------------------


@asynccontextmanager
async def opened(**settings: object) -> AsyncGenerator[dict[str, Provider]]:
    client = HttpClient()
    chosen = GatewaySettings.model_validate(settings)
    yield open_providers(chosen, SettingsKeys(chosen), client, keyed=("groq", "gemini", "nobody"))
    await client.close()


async def test_those_can_be_asked_whom_settings_or_keys_speak_of() -> None:
    async with opened() as providers:
        assert set(providers) == {"groq"}
    async with opened(
        url="http://127.0.0.1:1/v1",
        openai_key=KEY,
        providers={"anthropic": {"key": KEY}, "mine": {"url": "https://m.example/v1"}},
    ) as providers:
        assert next(iter(providers)) == "custom"
        assert set(providers) == {"custom", "openai", "groq", "anthropic", "mine"}


def test_a_provider_that_is_nowhere_is_refused() -> None:
    with pytest.raises(ValidationError, match="needs a `url`"):
        GatewaySettings.model_validate({"providers": {"mine": {"key": KEY}}})


async def test_the_message_of_a_refusal_names_the_providers_own_settings() -> None:
    refusal = b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"
    async with server(refusal) as url, opened(providers={"mine": {"url": url}}) as providers:
        with pytest.raises(ProviderRefusedError, match=r"gateway\.providers\.mine"):
            await finish(providers["mine"])


async def test_the_message_of_a_refusal_says_how_a_key_in_the_vault_is_replaced() -> None:
    refusal = b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"
    async with server(refusal) as url:
        for key, wanted in ((None, "steward key rotate groq"), (KEY, "gateway.providers.groq")):
            async with opened(providers={"groq": {"url": url, "key": key}}) as providers:
                with pytest.raises(ProviderRefusedError) as refused:
                    await finish(providers["groq"])
            assert wanted in str(refused.value)
            assert ("rotate" in str(refused.value)) == (key is None)


async def test_anthropics_overload_is_a_matter_of_waiting() -> None:
    refusal = b"HTTP/1.1 529 Overloaded\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n"
    async with server(refusal) as url:
        with pytest.raises(RateLimitedError) as error:
            await pieces(url)
    assert error.value.retry_after_s == 9.0
