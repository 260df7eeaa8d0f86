"""The scripted model with one more address: embeddings."""

import asyncio
import json
from typing import Any

from demo import wire
from demo.scripted_model import ScriptedModel

VECTOR = [0.25, -0.5, 1.0]
"""What every text becomes."""


class VersatileModel(ScriptedModel):
    """Makes the same vector of every text."""

    async def _route(
        self, request: wire.HttpRequest, gone: asyncio.Event, writer: asyncio.StreamWriter
    ) -> None:
        if request.path == "/v1/embeddings":
            writer.write(wire.json_response(200, _vectors(json.loads(request.body))))
            await writer.drain()
            return
        await super()._route(request, gone, writer)


def _vectors(body: dict[str, Any]) -> dict[str, Any]:
    texts: list[str] = body["input"]
    data = [
        {"object": "embedding", "index": index, "embedding": VECTOR} for index in range(len(texts))
    ]
    usage = {"prompt_tokens": 8 * len(texts), "total_tokens": 8 * len(texts)}
    return {"object": "list", "data": data, "model": body["model"], "usage": usage}
