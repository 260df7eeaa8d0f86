"""A file is overwritten or deleted only as the agent knows it: an edit made since would be lost."""

from hashlib import sha256

from steward.core.errors import InvalidInputError
from steward.tools.tool import Call


def digest_of(text: str) -> str:
    """What tells one text of a file from every other."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def check_is_as_known(path: str, text: str, call: Call) -> None:
    """Refuse where the agent has read another text of the file than there is now.

    Of a file that it never read it knows nothing; then the diff alone says what would go.

    Raises:
        InvalidInputError: somebody has changed the file since.
    """
    known = call.known.get(path)
    if known is not None and known != digest_of(text):
        raise InvalidInputError(
            f"'{path}' has changed since you read it, and what somebody wrote there would be lost."
            " Read all of it again, or change only the lines that you mean with edits."
        )
