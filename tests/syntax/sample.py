"""What a sample of code says of itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """Code, and what is to be found in it."""

    text: str
    definitions: str
    """kind container.name first-last | signature; one a line."""
    imports: str = ""
    """module: names, alias, level; one a line."""
