"""What the name of a model tells of it, where nobody has described the model.

Whoever runs a model on a machine of their own seldom describes it. Its name says of which family
it is, and so with which marks it closes gaps; how they are sent depends on what serves it. vLLM,
llama.cpp and LM Studio take a prompt as it is and have no suffix. Ollama puts a prompt into a
conversation unless there is a suffix, and then writes the marks itself.
"""

from dataclasses import replace
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Literal
from urllib.parse import urlsplit

from steward.gateway.built_in import BUILT_IN
from steward.gateway.catalogue.book import FILL_FORMATS, FILL_NAMES
from steward.gateway.catalogue.model import FillFormat, Model
from steward.gateway.settings import GatewaySettings

_OLLAMA_PORT = 11434
_OLLAMA_TOKENS = 4096
"""What it gives a model to read where nobody chose more; the rest it drops without a word."""

Server = Literal["ollama", "prompts"]


def named_model(settings: GatewaySettings, provider: str, name: str) -> Model:
    """The model as far as its name and its provider tell."""
    model = Model(provider, name)
    server = _server(settings, provider)
    form = None if server is None else _form(server, name.lower())
    if form is None:
        return model
    window = _OLLAMA_TOKENS if server == "ollama" else None
    abilities = model.abilities | {"fill"}
    return replace(model, fill=form, abilities=abilities, input_tokens_max=window)


def _server(settings: GatewaySettings, provider: str) -> Server | None:
    """What serves the provider's models; None where names promise nothing."""
    said = settings.providers.get(provider)
    known = BUILT_IN.get(provider)
    url = settings.url if provider == "custom" else (said and said.url) or (known and known.url)
    wire = (said and said.wire) or (known.wire if known else "openai")
    if url is None or wire != "openai":
        return None
    if urlsplit(url).port == _OLLAMA_PORT or provider == "ollama":
        return "ollama"
    is_own = provider == "custom" or (said is not None and said.url is not None)
    return "prompts" if is_own else None


@lru_cache(maxsize=256)
def _form(server: Server, name: str) -> FillFormat | None:
    family = next((form for names, form in FILL_NAMES[server] if fnmatchcase(name, names)), "none")
    form = FILL_FORMATS.get(family)
    if form is None or server == "prompts":
        return form
    return replace(FILL_FORMATS["ollama"], marks=form.marks, stops=form.stops)
