"""A gap as it goes to a team's server: its parts, and not a prompt made of them.

The server chooses the model, and so the form: which marks stand between the parts, or whether they
make up a conversation. `told_gap` writes the parts, `web/openai/fill` reads them.
"""

from dataclasses import dataclass, replace

from steward.gateway.catalogue.model import Model
from steward.gateway.provider import Prepared
from steward.gateway.request import Fill, ModelRequest
from steward.gateway.wire.fill import FillWire
from steward.gateway.wire.openai import ChatDecoder
from steward.gateway.wire.untrusted import JsonObject, written

_WIRE = FillWire()
_ADDED_TOKENS_MAX = 3072
"""What the server's form may add to the parts: marks before each line of a comment, instructions
and headings of a conversation."""


@dataclass(frozen=True, slots=True)
class TeamFill:
    """A gap to close, behind a team's server."""

    is_streamed: bool = True

    def prepare(self, model: Model, request: ModelRequest) -> Prepared:
        """The request as it will be sent."""
        bare = request.fill and Fill(request.fill.prefix, request.fill.suffix)
        form, body = _WIRE.asked(model, replace(request, fill=bare))
        if request.fill is None or request.fill == bare:
            return Prepared(written(body), "fill", form.path)
        body["steward"] = told_gap(request.fill)
        return Prepared(written(body), "fill", form.path, _ADDED_TOKENS_MAX)

    def decoder(self) -> ChatDecoder:
        """A reader for one answer."""
        return _WIRE.decoder()


def told_gap(fill: Fill) -> JsonObject:
    """What the body says of a gap beside what stands before and after it."""
    told: JsonObject = {
        "path": fill.path,
        "repository": fill.repository,
        "files": [{"path": each.path, "text": each.text} for each in fill.files],
    }
    return told if fill.comment is None else {**told, "comment": list(fill.comment)}
