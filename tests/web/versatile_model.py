"""The scripted model with two more addresses: completions, and embeddings."""

import asyncio
import json
from dataclasses import replace
from typing import Any

from demo import wire
from demo.scripted_model import ScriptedModel

VECTOR = [0.25, -0.5, 1.0]
"""What every text becomes."""


class VersatileModel(ScriptedModel):
    """Answers a completion as its script answers a conversation without messages."""

    async def _route(
        self, request: wire.HttpRequest, gone: asyncio.Event, writer: asyncio.StreamWriter
    ) -> None:
        if request.path == "/v1/embeddings":
            writer.write(wire.json_response(200, _vectors(json.loads(request.body))))
            await writer.drain()
            return
        if request.path == "/v1/completions":
            body = json.dumps({"messages": [], **json.loads(request.body)}).encode()
            request = replace(request, path="/v1/chat/completions", body=body)
        await super()._route(request, gone, writer)


def _vectors(body: dict[str, Any]) -> dict[str, Any]:
    texts: list[str] = body["input"]
    data = [
        {"object": "embedding", "index": index, "embedding": VECTOR} for index in range(len(texts))
    ]
    usage = {"prompt_tokens": 8 * len(texts), "total_tokens": 8 * len(texts)}
    return {"object": "list", "data": data, "model": body["model"], "usage": usage}
