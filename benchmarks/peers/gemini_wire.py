"""The scripted model in Gemini's wire: `generateContent` and `streamGenerateContent`."""

import json
from typing import Self

from aiohttp import web

from demo.replies import JsonObject, Reply, Script

_BODY_BYTES_MAX = 8 * 1024 * 1024
_USAGE = {"promptTokenCount": 100, "candidatesTokenCount": 10, "totalTokenCount": 110}


class GeminiModel:
    """A model endpoint on loopback; `url` is what a client takes as its base URL."""

    def __init__(self, script: Script) -> None:
        self.script = script
        """May be changed between requests."""
        app = web.Application(client_max_size=_BODY_BYTES_MAX)
        app.router.add_post("/{version}/models/{model}:{method}", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        self._port = 0

    @property
    def url(self) -> str:
        """The base URL, without a version and without a slash at its end."""
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        """Listen."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, shutdown_timeout=1)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if method == "countTokens":
            return web.json_response({"totalTokens": _USAGE["promptTokenCount"]})
        if method not in {"generateContent", "streamGenerateContent"}:
            return web.json_response({"error": {"code": 404, "message": method}}, status=404)
        answer = _body(self.script(await request.json()))
        if method == "generateContent":
            return web.json_response(answer)
        event = f"data: {json.dumps(answer)}\r\n\r\n"
        return web.Response(text=event, content_type="text/event-stream")


def _body(reply: Reply) -> JsonObject:
    parts: list[JsonObject] = [{"text": piece} for piece in reply.pieces]
    parts += [
        {"functionCall": {"name": each.name, "args": dict(each.arguments)}}
        for each in reply.tool_calls
    ]
    content = {"role": "model", "parts": parts}
    candidate = {"content": content, "finishReason": "STOP", "index": 0}
    return {"candidates": [candidate], "usageMetadata": _USAGE}
