"""The runtimes of extensions, compiled once for this checkout: `python -m tests.compiled`."""

import asyncio
import shutil
from contextlib import suppress
from pathlib import Path

from steward.sandbox.wasm.runtimes import runtime_file
from tests.extension_worker import CACHE, javascript, python, running


async def compile_runtimes() -> None:
    """See to it that what was built is compiled."""
    async with running() as sandbox:
        for each in (python(""), javascript("")):
            if await asyncio.to_thread(_is_built, each.runtime):
                await sandbox.load(each)


def _is_built(runtime: str) -> bool:
    return runtime_file(runtime).is_file()


def lay_in(data_folder: Path) -> None:
    """Have the runtimes compiled in this data folder, as they are where extensions ran before."""
    folder = data_folder / "extension-code"
    folder.mkdir(mode=0o700, parents=True)
    for file in (CACHE / "seal.key", *CACHE.glob("*.cwasm"), *CACHE.glob("*.seal")):
        # Another test may be the one that tidies up.
        with suppress(FileNotFoundError):
            shutil.copy2(file, folder)


if __name__ == "__main__":
    asyncio.run(compile_runtimes())
