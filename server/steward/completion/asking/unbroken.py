"""Work beside the typing, for which nobody waits."""

import logging
from collections.abc import Coroutine
from typing import Any

_log = logging.getLogger(__name__)


async def unbroken(work: Coroutine[Any, Any, None]) -> None:
    """Do it; a fault in it is written down, and ends nothing else.

    A task group would otherwise end with it, and with that the editor's session.
    """
    try:
        await work
    except Exception:  # An outer boundary: nobody else would hear of it.
        _log.exception("something for ghost text broke")
