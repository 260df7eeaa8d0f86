"""Finding a secret again where it must not be, whatever it was turned into on the way."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

_NEARLY_EMPTY = 3
"""Shorter heads of a secret stand in every text."""


def forms(secret: str) -> dict[str, bytes]:
    """The secret in every usual encoding, by its name."""
    plain = secret.encode()
    found = {
        "plain": plain,
        "reversed": plain[::-1],
        "hex": plain.hex().encode(),
        "HEX": plain.hex().upper().encode(),
        "hex with spaces": plain.hex(" ").encode(),
        "URL": quote(secret, safe="").encode(),
        "URL, every byte": "".join(f"%{byte:02X}" for byte in plain).encode(),
        "JSON": json.dumps(secret)[1:-1].encode(),
        "JSON, every character": "".join(f"\\u{ord(each):04x}" for each in secret).encode(),
        "UTF-16": secret.encode("utf-16-le"),
        "decimal": ", ".join(map(str, plain)).encode(),
    }
    for before in range(3):
        # Inside a longer text base 64 has three spellings; the ends mix with what stands beside.
        whole = base64.b64encode(b"\0" * before + plain)
        inner = whole[(8 * before + 5) // 6 : len(plain + b"\0" * before) * 8 // 6]
        found[f"base 64, {before}"] = inner
        found[f"base 64 for URLs, {before}"] = inner.replace(b"+", b"-").replace(b"/", b"_")
    return found


def seen(secret: str, data: bytes | str) -> list[str]:
    """The forms in which the secret stands in `data`."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    lowered = raw.lower()
    return [
        name
        for name, form in forms(secret).items()
        if form in raw or (name in ("plain", "reversed") and form.lower() in lowered)
    ]


def files_below(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below a folder, with what it holds."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.is_symlink():
            yield file, file.read_bytes()


def process_lines() -> Iterator[bytes]:
    """The command line of every process that can be seen."""
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield place.read_bytes()
        except OSError:
            continue  # It has ended meanwhile.
