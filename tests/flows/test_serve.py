"""`steward serve` as a person starts it: a token, a question, an orderly end."""

import asyncio
import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from demo.replies import Reply, always
from demo.scripted_model import ScriptedModel
from tests.environment import steward_environment

STEWARD = (sys.executable, "-m", "steward")
WITHIN_S = 30.0
HELLO = {"model": "steward", "messages": [{"role": "user", "content": "hello"}]}


def ask(
    environment: dict[str, str], *arguments: str, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command that ends by itself."""
    return subprocess.run(
        [*STEWARD, *arguments],
        env=environment,
        input=typed,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )


@asynccontextmanager
async def running(
    environment: dict[str, str], *arguments: str
) -> AsyncGenerator[tuple[asyncio.subprocess.Process, str]]:
    """A server on a free port, and its address."""
    process = await asyncio.create_subprocess_exec(
        *(*STEWARD, "serve", "--port", "0", *arguments),
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(WITHIN_S):
            line = (await process.stderr.readline()).decode()
            assert "://" in line, line + (await process.stderr.read()).decode()
            yield process, line.partition(" on ")[2].partition(";")[0]
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_question_is_answered_and_a_revoked_token_opens_nothing(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    environment = steward_environment(tmp_path, scripted_model.url)
    token = (await asyncio.to_thread(ask, environment, "token", "create", "try")).stdout.strip()
    headers = {"Authorization": f"Bearer {token}"}
    async with running(environment) as (process, url), httpx.AsyncClient(timeout=WITHIN_S) as http:
        assert url.startswith("http://127.0.0.1:")
        answer = await http.post(f"{url}/v1/chat/completions", json=HELLO, headers=headers)
        assert answer.status_code == 200, answer.text
        listed = await asyncio.to_thread(ask, environment, "token", "list")
        id_ = listed.stdout.splitlines()[1].split()[0]
        await asyncio.to_thread(ask, environment, "token", "revoke", id_)
        async with asyncio.timeout(WITHIN_S):
            while answer.status_code == 200:  # Another process: it takes up to a second.
                await asyncio.sleep(0.05)
                answer = await http.get(f"{url}/v1/models", headers=headers)
        assert answer.status_code == 401
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    usage = await asyncio.to_thread(ask, environment, "usage", "--json")
    assert json.loads(usage.stdout)


async def test_a_key_in_the_vault_is_all_that_a_provider_needs(tmp_path: Path) -> None:
    environment = steward_environment(tmp_path, "")
    for name in ("STEWARD_MODEL_URL", "STEWARD_MODEL", "STEWARD_MODEL_PRICE"):
        del environment[name]
    key = "sk-" + "canary-0123456789-abcd"
    for provider in ("openai", "gemini"):
        arguments = ("key", "add", provider, "--unchecked")
        assert (await asyncio.to_thread(partial(ask, environment, *arguments, typed=key))).stdout
    token = (await asyncio.to_thread(ask, environment, "token", "create", "try")).stdout.strip()
    headers = {"Authorization": f"Bearer {token}"}
    async with running(environment) as (_, url), httpx.AsyncClient(timeout=WITHIN_S) as http:
        listed = (await http.get(f"{url}/v1/models", headers=headers)).json()["data"]
    assert {each["owned_by"] for each in listed} == {"openai", "gemini"}
    assert "openai/gpt-4.1" in {each["id"] for each in listed}


async def test_a_stream_under_way_ends_before_the_server_does(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    hold = asyncio.Event()
    pieces = tuple(f"word {number} " for number in range(30))
    scripted_model.script = always(Reply(pieces=pieces, piece_delay_s=0.02))
    environment = steward_environment(tmp_path, scripted_model.url)
    token = (await asyncio.to_thread(ask, environment, "token", "create", "try")).stdout.strip()
    body, headers = {**HELLO, "stream": True}, {"Authorization": f"Bearer {token}"}
    async with running(environment) as (process, url), httpx.AsyncClient(timeout=WITHIN_S) as http:
        address = f"{url}/v1/chat/completions"
        async with http.stream("POST", address, json=body, headers=headers) as answer:
            lines: list[str] = []
            async for line in answer.aiter_lines():
                lines.append(line)
                if "word 2 " in line and not hold.is_set():
                    hold.set()
                    process.send_signal(signal.SIGTERM)
        assert "data: [DONE]" in lines
        assert await process.wait() == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--host 0.0.0.0", "unencrypted"),
        ("--host 0.0.0.0 --behind-proxy", "[web]"),
        ("--tls-cert cert.pem --tls-key key.pem", "cannot be used"),
    ],
)
def test_an_unsafe_address_is_refused(tmp_path: Path, arguments: str, said: str) -> None:
    environment = steward_environment(tmp_path, "http://127.0.0.1:9/v1")
    done = ask(environment, "serve", "--port", "0", *arguments.split())
    assert done.returncode == 2
    assert said in done.stderr
    assert not list(tmp_path.iterdir())


async def test_by_default_only_this_machine_reaches_it(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    environment = steward_environment(tmp_path, scripted_model.url)
    async with running(environment) as (process, _):
        assert listening(process.pid) == {"0100007F"}


def listening(pid: int) -> set[str]:
    """The addresses on which a process listens, as the kernel writes them."""
    inodes = {os.readlink(each) for each in Path(f"/proc/{pid}/fd").iterdir() if each.is_symlink()}
    found: set[str] = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text("ascii").splitlines()[1:]:
            parts = line.split()
            if parts[3] == "0A" and f"socket:[{parts[9]}]" in inodes:
                found.add(parts[1].partition(":")[0])
    return found


async def test_behind_a_certificate_it_answers_for_the_names_it_was_given_and_no_other(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    certificate, key = self_signed(tmp_path, "steward.test")
    more = {"STEWARD_WEB__HOSTS": '["steward.test"]'}
    environment = steward_environment(tmp_path / "data", scripted_model.url, more)
    files = ("--tls-cert", str(certificate), "--tls-key", str(key))
    trusted = ssl.create_default_context(cafile=certificate)
    async with running(environment, *files) as (_, url):
        assert url.startswith("https://")
        port = int(url.rpartition(":")[2])
        for name, status in (("steward.test", b"200"), ("evil.test", b"403")):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=trusted, server_hostname="steward.test"
            )
            request = f"GET /healthz HTTP/1.1\r\nHost: {name}:{port}\r\nConnection: close\r\n\r\n"
            writer.write(request.encode())
            async with asyncio.timeout(WITHIN_S):
                assert (await reader.read()).split()[1] == status
            writer.close()
            await writer.wait_closed()


def self_signed(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for a name, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    files = folder / "cert.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(pem))
    plain = serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return files
