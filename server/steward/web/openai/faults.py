"""Errors as OpenAI's clients understand them."""

from steward.web.dialect import Fault, code_of, details_of, headers_of, said, status_of
from steward.web.exchange import as_json

_TYPES = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


class OpenAIDialect:
    """`{"error": {"message", "type", "param", "code"}}`."""

    def fault(self, error: Exception, request_id: str) -> Fault:
        """The error, with our code, and the request's id for whoever reads the log."""
        status = status_of(error)
        kind = _TYPES.get(status) or ("server_error" if status >= 500 else "invalid_request_error")
        body = as_json(
            {
                "error": {
                    "message": said(error),
                    "type": kind,
                    "param": None,
                    "code": code_of(error),
                    **details_of(error),
                },
                "request_id": request_id,
            }
        )
        return Fault(status, body, b"data: %b\n\n" % body, headers_of(error, status))
