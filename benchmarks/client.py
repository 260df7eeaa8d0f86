"""A client with next to no time of its own: blocking pipes, one message at a time."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Self, cast

FLOOR = (sys.executable, str(Path(__file__).with_name("floor.py")))


class Client:
    """A server as a child, spoken to in the simplest way."""

    def __init__(self, command: tuple[str, ...], environment: Mapping[str, str]) -> None:
        self._child = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._input = cast("IO[bytes]", self._child.stdin)
        self._output = cast("IO[bytes]", self._child.stdout)
        self._number = 0

    def __enter__(self) -> Self:
        """The client itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the server, politely if it listens."""
        try:
            self.request("shutdown", None)
            self.notify("exit", None)
            self._child.wait(10)
        finally:
            self._child.kill()
            self._child.wait()
            self._input.close()
            self._output.close()

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._child.pid

    def request(self, method: str, params: Any) -> Any:
        """The result; whatever else the server says meanwhile is answered with nothing."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == self._number and "method" not in message:
                assert "error" not in message, message["error"]
                return message["result"]
            if "id" in message:
                self._send({"id": message["id"], "result": None})

    def notify(self, method: str, params: Any) -> None:
        """Say something that has no answer."""
        self._send({"method": method, "params": params})

    def initialize(self, folder: str) -> None:
        """Introduce an editor that can do little."""
        folders = [{"uri": folder, "name": "bench"}]
        self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": folder,
                "workspaceFolders": folders,
                "capabilities": {"textDocument": {"inlineCompletion": {}}},
            },
        )

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0"} | message).encode()
        self._input.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._input.flush()

    def _receive(self) -> dict[str, Any]:
        length = 0
        while line := self._output.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the server has ended"
        return json.loads(self._output.read(length))
