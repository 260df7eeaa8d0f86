"""Fill-in-the-middle: closing a gap between what stands before and what stands after.

How a model wants to be asked is in its description (`FillFormat`): at which address, in fields of
its own or in a template, with which marks, and what else must be said. The answers of all come as
OpenAI's do, with the text in `text` or in `delta.content`.

Sources: OpenAI API reference, "Create completion" (legacy); DeepSeek API, "FIM completion (beta)";
Mistral API, "Fill-in-the-middle completion"; for the marks, the papers and model cards of
StarCoder 2 (section 5.1), Qwen2.5-Coder, Code Llama, DeepSeek-Coder, CodeGemma, Granite and
Seed-Coder.
"""

from dataclasses import dataclass, replace

from steward.core.errors import InvalidInputError
from steward.gateway.catalogue.model import FillFormat, Model
from steward.gateway.provider import Prepared
from steward.gateway.request import ModelRequest
from steward.gateway.wire.gap import written_gap
from steward.gateway.wire.openai import ChatDecoder, chosen
from steward.gateway.wire.untrusted import JsonObject, written


@dataclass(frozen=True, slots=True)
class FillWire:
    """A gap to close, always streamed."""

    seed_field: str = "seed"
    stops_max: int = 16
    """How many stops the provider takes; the request's own come first."""
    is_streamed: bool = True

    def prepare(self, model: Model, request: ModelRequest) -> Prepared:
        """The request as it will be sent."""
        form, body = self.asked(model, request)
        return Prepared(written(body), "fill", form.path)

    def asked(self, model: Model, request: ModelRequest) -> tuple[FillFormat, JsonObject]:
        """How the model is asked, and the body that asks it.

        Raises:
            InvalidInputError: it is not known to close gaps, or there is none.
        """
        form = model.fill
        if form is None or request.fill is None:
            raise InvalidInputError(
                f"The model {model.id!r} is not known to fill gaps, so nothing was sent. Choose one"
                " that is, or say how it is asked: `fill` in"
                f' [gateway.models_known."{model.id}"] of settings.toml.'
            )
        most = form.output_tokens_max or request.output_tokens_max
        prompt, suffix = written_gap(form, request.fill)
        stops = tuple(dict.fromkeys((*request.stop, *form.stops)))[: self.stops_max]
        body: JsonObject = {
            "model": model.name,
            **chosen(model, replace(request, stop=stops), self.seed_field),
            **form.parameters,
            # Behind what settings say: what was reserved is what is sent.
            "prompt": prompt,
            **({} if suffix is None else {"suffix": suffix}),
            "max_tokens": min(request.output_tokens_max, most),
            "stream": True,
        }
        return form, body

    def decoder(self) -> ChatDecoder:
        """A reader for one answer."""
        return ChatDecoder()
