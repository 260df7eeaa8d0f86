"""An editor window that pays for calls: `python -m benchmarks.ledger_window FILE N RATE SECONDS`.

It says `ready` when the books are open, begins at a line on its standard input, and prints how
long each operation took, in ms.
"""

import asyncio
import sys
from pathlib import Path

from benchmarks.ledger_speed import open_ledger, timed_pair
from steward.core.principal import Principal


async def _calls(file: Path, window: int, calls_a_second: int, seconds: int) -> list[float]:
    """Calls at a fixed rate, whether or not the last one has ended."""
    principal = Principal("ann", f"session-{window}", f"/w{window}", team="t")
    async with open_ledger(file) as ledger, asyncio.TaskGroup() as group:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        calls: list[asyncio.Task[tuple[float, float]]] = []
        for number in range(calls_a_second * seconds):
            pair = timed_pair(ledger, principal, f"{window}-{number}")
            calls.append(group.create_task(pair))
            await asyncio.sleep(1 / calls_a_second)
        await asyncio.wait(calls)
        return [each * 1000 for call in calls for each in call.result()]


def main() -> None:
    """Call, and print the times."""
    window, calls_a_second, seconds = (int(each) for each in sys.argv[2:])
    print(*asyncio.run(_calls(Path(sys.argv[1]), window, calls_a_second, seconds)))


if __name__ == "__main__":
    main()
