"""Errors as Anthropic's clients understand them."""

from steward.web.dialect import Fault, code_of, details_of, headers_of, said, status_of
from steward.web.exchange import as_json

_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
}


class AnthropicDialect:
    """`{"type": "error", "error": {"type", "message"}}`."""

    def fault(self, error: Exception, request_id: str) -> Fault:
        """The error, with our code, and the request's id for whoever reads the log."""
        status = status_of(error)
        kind = _TYPES.get(status) or ("api_error" if status >= 500 else "invalid_request_error")
        body = as_json(
            {
                "type": "error",
                "error": {
                    "type": kind,
                    "message": said(error),
                    "code": code_of(error),
                    **details_of(error),
                },
                "request_id": request_id,
            }
        )
        event = b"event: error\ndata: %b\n\n" % body
        return Fault(status, body, event, headers_of(error, status))
