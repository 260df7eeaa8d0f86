"""What was compiled is kept, and nothing is loaded that does not bear our seal."""

import asyncio
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import steward
from steward.core.errors import InvalidInputError
from steward.sandbox.wasm.worker import Guest
from tests.extension_worker import CACHE, component, running

_PLAIN = component("(i32.const 64)")


async def load_from(cache: Path) -> None:
    """Load a small extension, compiled in this folder or found there."""
    async with running(cache=cache) as workers:
        assert await workers.load(_PLAIN) == {}
        assert await workers.workers.handle("test.component", "onFileSave", "{}") == "{}"


def only(cache: Path) -> Path:
    """The compiled component in this folder."""
    (found,) = cache.glob("*.cwasm")
    return found


def swap(path: Path) -> None:
    """What somebody else might put there."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def link(path: Path) -> None:
    """A link to the same file elsewhere."""
    elsewhere = path.with_name("elsewhere")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def strangers_seal(path: Path) -> None:
    """A seal that somebody made up."""
    path.with_suffix(".seal").write_text("0" * 128)


def open_to_all(path: Path) -> None:
    """Anybody may write it."""
    path.chmod(0o666)


@pytest.fixture
async def cache(tmp_path: Path) -> Path:
    """A folder of its own, with a small component in it."""
    await load_from(tmp_path / "cache")
    return tmp_path / "cache"


@pytest.mark.parametrize("change", [swap, link, strangers_seal, open_to_all])
async def test_what_is_not_as_we_left_it_is_compiled_again(
    cache: Path, change: Callable[[Path], None]
) -> None:
    path = only(cache)
    # Held open, so that no new file can have its number.
    with path.open("rb") as before:
        change(path)
        await load_from(cache)
        found = path.lstat()
        assert found.st_ino != os.fstat(before.fileno()).st_ino
    assert stat.S_ISREG(found.st_mode)
    assert found.st_mode & 0o077 == 0


async def test_what_was_compiled_once_is_kept_for_this_account_alone(cache: Path) -> None:
    before = only(cache).stat().st_ino
    assert cache.stat().st_mode & 0o777 == 0o700
    cache.chmod(0o755)
    await load_from(cache)
    assert only(cache).stat().st_ino == before
    assert cache.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("guest", "words"),
    [
        (component("(i32.const 64)", world="9.0.0"), r"guest@9.0.0.*Build it against"),
        (Guest("test.component", "component", "{}", b"no component"), "cannot be run"),
        (Guest("test.component", "component", "{}", b"\\0asm\\1\\0\\0\\0"), "cannot be run"),
        (Guest("test.component", "component", "{}"), "brings no component"),
    ],
)
async def test_what_is_no_component_of_this_version_is_refused_with_what_to_do(
    guest: Guest, words: str
) -> None:
    async with running() as workers:
        with pytest.raises(InvalidInputError, match=words):
            await workers.load(guest)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("steward:extension/host@2.0.0", r"built for version 2.0.0 of the interface"),
        ("acme:disk/files@1.0.0", r"wants 'acme:disk/files@1.0.0', which extensions are not given"),
    ],
)
async def test_a_component_that_wants_what_is_not_given_is_refused(name: str, words: str) -> None:
    from wasmtime import wat2wasm

    text = f'(component (import "{name}" (instance (export "read" (func)))))'
    async with running() as workers:
        with pytest.raises(InvalidInputError, match=words):
            await workers.load(Guest("test.component", "component", "{}", bytes(wat2wasm(text))))


async def test_without_wasmtime_it_is_said_that_nothing_runs_and_what_to_do() -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from steward.core.clock import SystemClock\n"
        "from steward.sandbox.wasm.worker import Workers\n"
        "print(Workers(SystemClock(), Path('nowhere')).is_possible())"
    )
    server = str(Path(steward.__file__).parents[1])
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", "-c", script, server), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert "'wasmtime', which is not installed" in output.decode()


def test_the_tests_share_what_they_compile() -> None:
    assert CACHE.parent.name == ".runtimes"
