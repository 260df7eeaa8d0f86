"""What the worker's process writes to its standard error, as far as it belongs into a log."""

import logging
import re

from pydantic import SecretStr

from steward.core.limits import WORKER_LINE_BYTES_MAX, WORKER_LOG_LINES_MAX
from steward.core.redact import redact

_log = logging.getLogger(__name__)

_PLACE = re.compile(r'\s*File "[^"]{1,300}", line \d+, in [\w<>.]{1,80}$')
_ERROR = re.compile(r"((?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Warning))(?::|$)")
_REFUSED = re.compile(r"refused a connection to '[\w.:%-]{1,200}'$")


class Complaints:
    """Writes the first lines to the log, without keys.

    From the first call on, what the process writes may quote a prompt or an answer: then only
    places in code, the names of errors and refused connections are kept.
    """

    def __init__(self, key: SecretStr | None) -> None:
        self._key = key
        self._rest = b""
        self._lines = 0
        self.is_private = False
        """True from the first call on."""

    def feed(self, data: bytes) -> None:
        """Some of it has arrived."""
        if self._lines > WORKER_LOG_LINES_MAX:
            return
        *whole, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > WORKER_LINE_BYTES_MAX:
            whole.append(self._rest)
            self._rest = b""
        for line in whole:
            self._note(line[:WORKER_LINE_BYTES_MAX].decode("utf-8", "replace").rstrip())

    def _note(self, line: str) -> None:
        shown = _harmless(line) if self.is_private else self._redacted(line)
        if not shown:
            return
        self._lines += 1
        if self._lines <= WORKER_LOG_LINES_MAX:
            _log.info("litellm: %s", shown)
        elif self._lines == WORKER_LOG_LINES_MAX + 1:
            _log.info("litellm: more was written and is left out")

    def _redacted(self, line: str) -> str:
        if self._key is not None and (key := self._key.get_secret_value()):
            line = line.replace(key, "<redacted key>")
        return redact(line)


def _harmless(line: str) -> str:
    if _PLACE.match(line) or _REFUSED.match(line):
        return line
    found = _ERROR.match(line)
    return found[1] if found else ""
