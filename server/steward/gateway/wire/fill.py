"""Fill-in-the-middle: closing a gap between what stands before and what stands after.

How a model wants to be asked is in its description (`FillFormat`): at which address, in fields of
its own or in a template, and what else must be said. The answers of all come as OpenAI's do, with
the text in `text` or in `delta.content`.

Sources: OpenAI API reference, "Create completion" (legacy); DeepSeek API, "FIM completion (beta)";
Mistral API, "Fill-in-the-middle completion".
"""

from dataclasses import dataclass

from steward.core.errors import InvalidInputError
from steward.gateway.catalogue.model import FillFormat, Model
from steward.gateway.provider import Prepared
from steward.gateway.request import Fill, ModelRequest
from steward.gateway.wire.openai import ChatDecoder, chosen
from steward.gateway.wire.untrusted import JsonObject, written


@dataclass(frozen=True, slots=True)
class FillWire:
    """A gap to close, always streamed."""

    seed_field: str = "seed"
    is_streamed: bool = True

    def prepare(self, model: Model, request: ModelRequest) -> Prepared:
        """The request as it will be sent."""
        if model.fill is None or request.fill is None:
            raise InvalidInputError(
                f"The model {model.id!r} is not known to fill gaps, so nothing was sent. Choose one"
                " that is, or say how it is asked: `fill` in"
                f' [gateway.models_known."{model.id}"] of settings.toml.'
            )
        most = model.fill.output_tokens_max or request.output_tokens_max
        body: JsonObject = {
            "model": model.name,
            **chosen(model, request, self.seed_field),
            **model.fill.parameters,
            # Behind what settings say: what was reserved is what is sent.
            **_gap(model.fill, request.fill),
            "max_tokens": min(request.output_tokens_max, most),
            "stream": True,
        }
        return Prepared(written(body), "fill", model.fill.path)

    def decoder(self) -> ChatDecoder:
        """A reader for one answer."""
        return ChatDecoder()


def _gap(form: FillFormat, fill: Fill) -> JsonObject:
    if form.template is None:
        return {"prompt": fill.prefix, "suffix": fill.suffix}
    # Only the template's own marks are replaced: what stands in the text may look like one.
    before, _, rest = form.template.partition("{prefix}")
    between, _, after = rest.partition("{suffix}")
    return {"prompt": f"{before}{fill.prefix}{between}{fill.suffix}{after}"}
