"""Errors of the API: one shape, our stable codes, and nothing of what is inside."""

from collections.abc import Mapping

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from steward.core.errors import InvalidInputError, LimitError, NotFoundError, StewardError
from steward.web.dialect import code_of, details_of, headers_of, said, status_of
from steward.web.errors import MethodError
from steward.web.rest.answer import Answer
from steward.web.rest.caller import exchange_of


class Fault(Answer):
    """What went wrong."""

    code: str
    """Stable, such as `steward.not_found`."""
    message: str
    """What happened, why, and what to do."""
    request_id: str
    """Names this request in the server's log."""
    details: Mapping[str, object] = {}
    """What a program wants to know besides."""


class Failed(Answer):
    """The body of every answer that is an error."""

    error: Fault


def fault_of(request: Request, error: Exception) -> tuple[int, Fault, dict[str, str]]:
    """The status, what is told, and the headers that go with it."""
    error = _ours(error)
    status = status_of(error)
    fault = Fault(
        code=code_of(error),
        message=said(error),
        request_id=exchange_of(request).id,
        details=details_of(error),
    )
    return status, fault, headers_of(error, status)


def answer_program(request: Request, error: Exception) -> JSONResponse:
    """What a program is answered whose request failed."""
    status, fault, headers = fault_of(request, error)
    return JSONResponse(Failed(error=fault).model_dump(mode="json"), status, headers)


def _ours(error: Exception) -> Exception:
    match error:
        case StewardError():
            return error
        case RequestValidationError():
            return InvalidInputError(_told(error))
        case HTTPException(status_code=405):
            return MethodError("This address takes other methods.", _allowed(error))
        case HTTPException(status_code=404):
            return NotFoundError("There is nothing at this address; see /api/v1/openapi.json.")
        case HTTPException(status_code=413):
            return LimitError("The request's body is too large.")
        case HTTPException(status_code=status) if status < 500:
            return InvalidInputError("The request cannot be read. Check its address and body.")
        case _:
            return error


def _told(error: RequestValidationError) -> str:
    """Which fields are wrong and why, without their values."""
    wrong = [
        f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in error.errors()
    ]
    return "The request does not fit: " + "; ".join(wrong[:8])[:800]


def _allowed(error: HTTPException) -> str:
    return (error.headers or {}).get("Allow", "")
