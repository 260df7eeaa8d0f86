"""A client with next to no time of its own: blocking pipes, one message at a time."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any, Self, cast

FLOOR = (sys.executable, str(Path(__file__).with_name("floor.py")))

Answer = Callable[[str, Any], Any]
"""What this client says to a request of the server's: method and parameters → result."""


class Client:
    """A server as a child, spoken to in the simplest way."""

    def __init__(
        self,
        command: tuple[str, ...],
        environment: Mapping[str, str],
        answer: Answer = lambda _method, _params: None,
    ) -> None:
        self._child = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._input = cast("IO[bytes]", self._child.stdin)
        self._output = cast("IO[bytes]", self._child.stdout)
        self._answer = answer
        self._number = 0
        self.answers: dict[int, Any] = {}
        """Messages that answered a request for which nobody waits."""
        self.heard: list[tuple[str, Any]] = []
        """Every notification of the server's."""

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
        """The result; whatever else the server says meanwhile is kept or answered."""
        number = self.number()
        self.send([{"id": number, "method": method, "params": params}])
        while number not in self.answers:
            self.hear()
        message = self.answers.pop(number)
        assert "error" not in message, message["error"]
        return message["result"]

    def notify(self, method: str, params: Any) -> None:
        """Say something that has no answer."""
        self.send([{"method": method, "params": params}])

    def number(self) -> int:
        """An id for a request."""
        self._number += 1
        return self._number

    def send(self, messages: Iterable[Mapping[str, Any]]) -> None:
        """Send these messages in one piece."""
        self._input.write(b"".join(framed(message) for message in messages))
        self._input.flush()

    def hear(self) -> None:
        """Take the next message, whatever it is."""
        message = self._receive()
        if "method" not in message:
            self.answers[message["id"]] = message
        elif "id" in message:
            result = self._answer(message["method"], message["params"])
            self.send([{"id": message["id"], "result": result}])
        else:
            self.heard.append((message["method"], message["params"]))

    def initialize(self, folder: str, experimental: Any = None) -> None:
        """Introduce an editor that can do little."""
        folders = [{"uri": folder, "name": "bench"}]
        self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": folder,
                "workspaceFolders": folders,
                "capabilities": {
                    "textDocument": {"inlineCompletion": {}},
                    "workspace": {"applyEdit": True},
                    "experimental": experimental or {},
                },
            },
        )

    def _receive(self) -> dict[str, Any]:
        length = 0
        while line := self._output.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the server has ended"
        return json.loads(self._output.read(length))


def framed(message: Mapping[str, Any]) -> bytes:
    """A message as it goes over the wire."""
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
