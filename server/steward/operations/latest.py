"""What left this window for models lately: kept in memory only, and gone with it.

What a run sent is written down with the run. Ghost text and the like are asked for all day and
leave nothing behind of the code, so of these the latest are kept here and nowhere else.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from steward.core.errors import NotFoundError
from steward.core.limits import LATEST_CHARS_MAX, LATEST_MAX
from steward.core.money import as_usd
from steward.gateway.call.prepare import without_secrets
from steward.gateway.observe import CallRecord
from steward.gateway.request import EmbeddingRequest, Fill, ModelRequest
from steward.workspace.markdown import code, fenced, inline


@dataclass(frozen=True, slots=True)
class _Kept:
    record: CallRecord
    chars: int


class Latest:
    """The latest calls for which something was sent, with what it was."""

    def __init__(self) -> None:
        self._kept: deque[_Kept] = deque(maxlen=LATEST_MAX)
        self._chars = 0

    @property
    def wants_text(self) -> bool:
        """What models answered is not kept."""
        return False

    def observed(self, record: CallRecord) -> None:
        """Keep what was sent; a call that ended before anything left is none."""
        if not record.attempts or record.is_cached:
            return
        if len(self._kept) == LATEST_MAX:
            self._drop()
        size = sum(len(text) for _, text in _texts(record.request))
        self._kept.append(_Kept(record, size))
        self._chars += size
        while self._chars > LATEST_CHARS_MAX and len(self._kept) > 1:
            self._drop()

    def _drop(self) -> None:
        self._chars -= self._kept.popleft().chars

    def calls(self) -> list[CallRecord]:
        """The calls, the latest first."""
        return [kept.record for kept in reversed(self._kept)]

    async def page(self, request_id: str) -> str:
        """What one call sent, as Markdown in which none of it has any effect.

        Raises:
            NotFoundError: it is not, or no longer, among the latest.
        """
        for record in self.calls():
            if record.request.request_id == request_id:
                return await _page(record)
        raise NotFoundError(
            "What this call sent is not kept any more: of this window's calls only the latest are."
            " What a run sent is shown with the run."
        )


async def _page(record: CallRecord) -> str:
    # By the same code that hid secrets when it left.
    request = await without_secrets(record.request)
    told = [
        f"# Sent for {request.task}",
        f"To {code(record.model or record.chosen)} at {record.started_at:%Y-%m-%d %H:%M:%S} UTC;"
        f" {inline(record.outcome)}, {as_usd(record.cost_nano_usd)}.",
        "What looks like a secret was replaced before it left; this is what left.",
    ]
    for title, text in _texts(request):
        told += [f"## {inline(title)}", fenced(text, "")]
    return "\n\n".join(told) + "\n"


def _texts(request: ModelRequest | EmbeddingRequest) -> Iterator[tuple[str, str]]:
    """Each text that is sent, below what it is."""
    if isinstance(request, EmbeddingRequest):
        yield from ((f"Text {number}", text) for number, text in enumerate(request.texts, 1))
        return
    if request.fill is not None:
        yield from _of_gap(request.fill)
    for message in request.messages:
        yield message.role, message.content
        yield from ((f"Call of {call.name}", call.arguments) for call in message.tool_calls)
    yield from ((f"Tool {tool.name}", tool.description) for tool in request.tools)


def _of_gap(fill: Fill) -> Iterator[tuple[str, str]]:
    yield from ((f"From {file.path}", file.text) for file in fill.files)
    yield f"Before the cursor, {fill.path or 'no file'}", fill.prefix
    yield "Behind the cursor", fill.suffix
