"""A radix trie that forgets: texts, and what is remembered for each."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Generic, TypeVar

from steward.completion.alike import shared

V = TypeVar("V")


class _Node(Generic[V]):
    """A place in the trie. Its text is what the labels from the root down to it make."""

    __slots__ = ("children", "label", "parent", "value")

    def __init__(self, label: str, parent: "_Node[V] | None") -> None:
        self.label = label
        self.parent = parent
        self.children: dict[str, _Node[V]] = {}
        """By the first character of their labels."""
        self.value: V | None = None


class Trie(Generic[V]):
    """Keys share their beginnings, so a text that grows key by key is kept once.

    Bounded in entries and in characters; the entry that was looked at least recently goes first.
    The structure is D. R. Morrison's, "PATRICIA" (1968), without its bits.
    """

    def __init__(self, entries_max: int, chars_max: int) -> None:
        self._entries_max = entries_max
        self._chars_max = chars_max
        self._root = _Node[V]("", None)
        self._recent = OrderedDict[int, _Node[V]]()
        self.chars = 0
        """All labels together."""

    def __len__(self) -> int:
        """How many keys have a value."""
        return len(self._recent)

    def put(self, key: str, value: V) -> None:
        """Remember a value for a key, instead of the one it had."""
        node = self._made(key)
        node.value = value
        self._touch(node)
        while self._recent and (
            len(self._recent) > self._entries_max or self.chars > self._chars_max
        ):
            self._forget(next(iter(self._recent.values())))

    def get(self, key: str) -> V | None:
        """The value of exactly this key."""
        found = next(iter(self.beginnings(key)), None)
        return found[1] if found is not None and found[0] == len(key) else None

    def beginnings(self, text: str) -> list[tuple[int, V]]:
        """Every key that `text` begins with, as its length and value, the longest first."""
        found: list[tuple[int, V]] = []
        for length, node in self._path(text):
            if node.value is not None:
                self._touch(node)
                found.append((length, node.value))
        return found[::-1]

    def _path(self, text: str) -> Iterator[tuple[int, _Node[V]]]:
        node, length = self._root, 0
        yield length, node
        while (child := node.children.get(text[length : length + 1])) is not None:
            if not text.startswith(child.label, length):
                return
            node, length = child, length + len(child.label)
            yield length, node

    def _made(self, key: str) -> _Node[V]:
        """The node of a key, made where there was none."""
        *_, (length, node) = self._path(key)
        if length == len(key):
            return node
        child = node.children.get(key[length])
        if child is not None:
            length += (common := shared(child.label, key, length))
            node = self._split(child, common)
        return node if length == len(key) else self._added(node, key[length:])

    def _added(self, parent: _Node[V], label: str) -> _Node[V]:
        node = parent.children[label[0]] = _Node(label, parent)
        self.chars += len(label)
        return node

    def _split(self, node: _Node[V], at: int) -> _Node[V]:
        """A new node in the middle of the way to `node`."""
        assert node.parent is not None
        middle = _Node(node.label[:at], node.parent)
        node.parent.children[middle.label[0]] = middle
        node.label, node.parent = node.label[at:], middle
        middle.children[node.label[0]] = node
        return middle

    def _touch(self, node: _Node[V]) -> None:
        self._recent[id(node)] = node
        self._recent.move_to_end(id(node))

    def _forget(self, node: _Node[V]) -> None:
        del self._recent[id(node)]
        node.value = None
        parent = node.parent
        if not node.children and parent is not None:
            del parent.children[node.label[0]]
            self.chars -= len(node.label)
            node = parent
        self._join(node)

    def _join(self, node: _Node[V]) -> None:
        """Take out a node that neither holds anything nor parts anything."""
        if node.parent is None or node.value is not None or len(node.children) != 1:
            return
        (child,) = node.children.values()
        child.label, child.parent = node.label + child.label, node.parent
        node.parent.children[child.label[0]] = child
