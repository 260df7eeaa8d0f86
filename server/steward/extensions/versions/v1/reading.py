"""A manifest of API version 1, as it is written: today's own form."""

from collections.abc import Mapping

from steward.extensions.manifest import Manifest

WORLD = "steward:extension@1.0.0"


def read(values: Mapping[str, object]) -> Manifest:
    """The manifest that these values make.

    Raises:
        ValidationError: they make none.
    """
    return Manifest.model_validate(dict(values))
