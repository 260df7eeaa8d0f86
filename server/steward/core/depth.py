"""How deep a JSON value nests."""

from typing import Any, cast


def is_deeper(value: Any, most: int) -> bool:
    """Whether the value nests deeper than so many levels; found without recursion."""
    level: list[Any] = [value]
    for _ in range(most):
        level = [
            item
            for container in level
            for item in _children(container)
            if isinstance(item, (dict, list))
        ]
        if not level:
            return False
    return True


def _children(container: Any) -> Any:
    return cast("dict[str, Any]", container).values() if isinstance(container, dict) else container
