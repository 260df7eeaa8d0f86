"""An SQLite database as the first start leaves it, made once by our own migrations and copied.

Making one takes two hundred times as long as opening it, and most tests are about something else.
Those that are about the first start take a place where nothing was ever opened.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from steward.core.sqlite_store import open_sqlite
from tests.places import Place

AnyPlace = TypeVar("AnyPlace", Path, str, Place)


def up_to_date(place: AnyPlace) -> AnyPlace:
    """The same place, with an empty database of today's shape where there was no file.

    One that is there is left alone; one on PostgreSQL was lent with that shape.
    """
    if isinstance(place, Path) and not place.exists():
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.touch(mode=0o600)
        place.write_bytes(_made())
    return place


@cache
def _made() -> bytes:
    # On a thread: whoever asks may have a loop, which nothing of ours may block.
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(_make).result()


def _make() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "steward.db"
        open_sqlite(path).close()
        return path.read_bytes()
