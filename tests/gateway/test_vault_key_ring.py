"""The key of the vault: a file of its owner's, without which nothing opens and nothing is lost."""

import os
from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from steward.core.errors import InvalidInputError, UnavailableError
from tests.gateway.safe import KEY, OTHER, Safe, open_safe
from tests.ledger.bank import ANN
from tests.places import Place, execute

URL = "https://api.example.com/v1"
ELSEWHERE = "https://api.example.net/v1"


@pytest.fixture
async def safe(place: Place, tmp_path: Path) -> AsyncGenerator[Safe]:
    async with open_safe(place, tmp_path) as safe:
        yield safe


@pytest.fixture
async def small(tmp_path: Path) -> AsyncGenerator[Safe]:
    """On SQLite only: what the file says does not depend on the database."""
    async with open_safe(tmp_path / "steward.db", tmp_path) as safe:
        yield safe


async def test_without_its_own_key_the_vault_stays_shut(
    safe: Safe, place: Place, tmp_path: Path
) -> None:
    address = await safe.put(URL)
    (tmp_path / "other").mkdir()
    async with open_safe(place, tmp_path / "other") as stranger:
        for missing in (True, False):
            wanted = "does not exist" if missing else "Copy the file `vault.key`"
            with pytest.raises(UnavailableError, match=wanted):
                await stranger.opens(URL)
            with pytest.raises(UnavailableError, match=wanted):
                await stranger.put(ELSEWHERE)
            with pytest.raises(UnavailableError, match=wanted):
                await stranger.vault.reseal(ANN)
            assert stranger.file.exists() is not missing
            stranger.file.write_text("5e" * 32 + "\n")
            stranger.file.chmod(0o600)
        stranger.file.write_bytes(safe.file.read_bytes())
        assert await stranger.opens(URL) == KEY.get_secret_value()
        stranger.file.unlink()
        await stranger.vault.remove(ANN, address)


@pytest.mark.parametrize("written", ["", "5e" * 31, "xx" * 32, "5e" * 400, "\N{SNOWMAN}"])
async def test_a_file_that_holds_no_key_is_told_so(small: Safe, written: str) -> None:
    await small.put(URL)
    small.file.write_text(written, "utf-8")
    with pytest.raises(UnavailableError, match=r"vault\.key.*cannot be used"):
        await small.opens(URL)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602])
async def test_a_key_of_the_vault_that_others_can_reach_is_not_used(small: Safe, mode: int) -> None:
    await small.put(URL)
    assert small.file.stat().st_mode & 0o777 == 0o600
    small.file.chmod(mode)
    with pytest.raises(InvalidInputError, match="other users"):
        await small.opens(URL)


async def test_a_key_of_the_vault_behind_a_link_is_not_used(small: Safe, tmp_path: Path) -> None:
    await small.put(URL)
    small.file.rename(tmp_path / "elsewhere")
    small.file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidInputError, match="is a link"):
        await small.opens(URL)


async def test_files_of_the_vault_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        async with open_safe(tmp_path / "data" / "steward.db", tmp_path / "data") as safe:
            await safe.put(URL)
            await safe.vault.reseal(ANN)
    finally:
        os.umask(before)
    modes = {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "data").iterdir()}
    assert modes["vault.key"] == 0o600
    assert set(modes.values()) == {0o600}
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


async def test_sealing_anew_that_breaks_off_loses_nothing_and_is_ended_by_the_next(
    place: Place, tmp_path: Path
) -> None:
    async with open_safe(place, tmp_path) as safe:
        await safe.put(URL)
        await safe.put(ELSEWHERE, OTHER)
        for number in range(6):
            # Before the first key is sealed anew, or between the two.
            broken = replace(safe.vault.outside, random=partial(_runs_out, iter(range(number % 2))))
            with pytest.raises(UnavailableError, match="no more"):
                await replace(safe.vault, outside=broken).reseal(ANN)
            assert len(safe.file.read_text().split()) == 2, "the new key and the one in use"
            safe.clock.advance(timedelta(seconds=2))
            assert await safe.opens(URL) == KEY.get_secret_value()
        assert await safe.vault.reseal(ANN) == 2
        assert len(safe.file.read_text().split()) == 1
        assert await safe.opens(URL) == KEY.get_secret_value()
        assert await safe.opens(ELSEWHERE) == OTHER.get_secret_value()


def _runs_out(left: Iterator[int], size: int) -> bytes:
    if next(left, None) is None:
        raise UnavailableError("There are no more random bytes.")
    return os.urandom(size)


async def test_the_same_key_is_never_sealed_the_same_way_twice(small: Safe, tmp_path: Path) -> None:
    address = await small.put(URL)
    seen: set[bytes] = set()
    for _ in range(20):
        await small.vault.rotate(ANN, address, KEY, is_checked=False)
        seen.add(_nonce(tmp_path))
        await small.vault.reseal(ANN)
        seen.add(_nonce(tmp_path))
    assert len(seen) == 40


def _nonce(folder: Path) -> bytes:
    ((sealed,),) = execute(folder / "steward.db", "SELECT sealed FROM provider_key")
    return sealed[:12]
