"""In which form a request is put to a model: a gap or a conversation, with tools or in words."""

from dataclasses import replace

from steward.gateway.call.contract import by_contract
from steward.gateway.catalogue.model import Model
from steward.gateway.request import EmbeddingRequest, ModelRequest


def is_by_contract(model: Model, request: ModelRequest | EmbeddingRequest) -> bool:
    """Whether the model, which cannot be asked for tools, is told of them in words."""
    if isinstance(request, EmbeddingRequest) or not request.tools:
        return False
    return request.takes_contract and "tools" not in model.abilities


def in_form_of(
    model: Model, request: ModelRequest | EmbeddingRequest
) -> ModelRequest | EmbeddingRequest:
    """The request with that of its forms alone that the model is asked in.

    A request that has one form is asked in that: a model that cannot answer it is told of.
    """
    if isinstance(request, EmbeddingRequest):
        return request
    if is_by_contract(model, request):
        request = by_contract(request)
    if request.fill is None or not request.messages:
        return request
    if model.fill is None:
        return replace(request, fill=None)
    return replace(request, messages=())
