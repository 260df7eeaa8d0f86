"""What a client says of its own calls: labels for the books, which open nothing.

A client may lie here, and gains nothing by it. The person and the team are the token's, and their
budgets pay for every call. A workspace's label is bound to the person, so nobody reaches another's
account, and its account pays beside the person's. A window's label is bound to the token, whose own
account pays beside the window's. The policy must allow a model for the task that is said and for
what the request came in as.
"""

import re
from dataclasses import dataclass, replace
from typing import cast, get_args

from steward.core.errors import InvalidInputError
from steward.core.limits import WEB_LABEL_CHARS_MAX
from steward.core.principal import Principal
from steward.gateway.request import Written
from steward.web.exchange import Exchange
from steward.web.wish import Wish

_PLAIN = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{WEB_LABEL_CHARS_MAX - 1}}}")


@dataclass(frozen=True, slots=True)
class Labels:
    """What was said; empty where nothing was."""

    task: Written | None = None
    agent: str = ""
    workspace: str = ""
    session: str = ""

    def of(self, principal: Principal) -> Principal:
        """The person, in the workspace and window that the client speaks of."""
        workspace = f"{principal.user}/{self.workspace}" if self.workspace else principal.workspace
        session = f"{principal.session}/{self.session}" if self.session else principal.session
        return replace(principal, workspace=workspace, session=session)

    def on(self, wish: Wish) -> Wish:
        """The call under its labels."""
        request = wish.request
        if self.task not in (None, request.task):
            request = replace(request, task=self.task, came_as=request.task)
        return replace(wish, request=replace(request, agent=self.agent))


def read_labels(exchange: Exchange) -> Labels:
    """The labels of a request.

    Raises:
        InvalidInputError: one is not plain, or longer than we take.
    """
    task = _label(exchange, "task")
    if task and task not in get_args(Written):
        raise InvalidInputError(f"`x-steward-task` must be one of {', '.join(get_args(Written))}.")
    return Labels(
        cast("Written", task) if task else None,
        _label(exchange, "agent"),
        _label(exchange, "workspace"),
        _label(exchange, "session"),
    )


def _label(exchange: Exchange, name: str) -> str:
    found = exchange.header(f"x-steward-{name}")
    if found is None:
        return ""
    if _PLAIN.fullmatch(found) is None:
        raise InvalidInputError(
            f"`x-steward-{name}` must have 1 to {WEB_LABEL_CHARS_MAX} letters, digits, dots,"
            " dashes and underscores, and begin with a letter or a digit."
        )
    return found
