"""What a form of a page says, field by field."""

from fastapi import Request

from steward.core.errors import InvalidInputError


class Form:
    """The fields that were sent."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self._fields = fields

    def text(self, name: str) -> str:
        """A field's text without what stands around it; empty where it was left out."""
        return next((value for each, value in self._fields if each == name), "").strip()

    def raw(self, name: str) -> str:
        """A field's text as it was written, with the line ends of our files."""
        found = next((value for each, value in self._fields if each == name), "")
        return found.replace("\r\n", "\n")

    def is_set(self, name: str) -> bool:
        """Whether a box was ticked."""
        return any(each == name for each, _ in self._fields)

    def every(self, name: str) -> tuple[str, ...]:
        """All values of a field."""
        return tuple(value for each, value in self._fields if each == name)

    def lines(self, name: str) -> tuple[str, ...]:
        """A field's lines that say something."""
        return tuple(line.strip() for line in self.raw(name).split("\n") if line.strip())

    def number(self, name: str, label: str) -> int | None:
        """A whole number; None where nothing was written.

        Raises:
            InvalidInputError: it is none.
        """
        written = self.text(name).replace(",", "")
        if not written:
            return None
        if not written.isdecimal() or len(written) > _DIGITS_MAX:
            raise InvalidInputError(f"{label}: {written[:40]!r} is no whole number from 1 on.")
        return int(written)


async def form_of(request: Request) -> Form:
    """The form that was posted."""
    sent = await request.form()
    return Form([(name, value) for name, value in sent.multi_items() if isinstance(value, str)])


_DIGITS_MAX = 15
