"""A trie finds what a dictionary finds, forgets the oldest, and never holds more than it may."""

from hypothesis import given, settings, strategies as st

from steward.completion.asking.trie import Trie

KEYS = st.text(alphabet="ab\n", max_size=8)
ENTRIES_MAX, CHARS_MAX = 6, 30


def beginnings(known: dict[str, int], text: str) -> list[tuple[int, int]]:
    found = [(len(key), value) for key, value in known.items() if text.startswith(key)]
    return sorted(found, reverse=True)


@given(st.lists(st.tuples(KEYS, st.integers(1, 99)), max_size=30), KEYS)
def test_it_finds_what_a_dictionary_finds(puts: list[tuple[str, int]], text: str) -> None:
    trie, known = Trie[int](1000, 100_000), dict[str, int]()
    for key, value in puts:
        trie.put(key, value)
        known[key] = value
    assert trie.beginnings(text) == beginnings(known, text)
    assert all(trie.get(key) == value for key, value in known.items())
    assert trie.get(text) == known.get(text)
    assert len(trie) == len(known)
    assert trie.chars <= sum(map(len, known))


@settings(max_examples=300)
@given(st.lists(st.tuples(st.booleans(), KEYS), max_size=40))
def test_the_oldest_goes_first_and_its_text_with_it(doings: list[tuple[bool, str]]) -> None:
    trie, known = Trie[int](ENTRIES_MAX, CHARS_MAX), dict[str, int]()
    for number, (is_put, key) in enumerate(doings, 1):
        if is_put:
            known.pop(key, None)
            known[key] = number
            trie.put(key, number)
            while len(known) > ENTRIES_MAX or labels(known) > CHARS_MAX:
                del known[next(iter(known))]
        else:
            assert trie.beginnings(key) == beginnings(known, key)
            for length, _ in reversed(beginnings(known, key)):
                known[key[:length]] = known.pop(key[:length])
        assert (len(trie), trie.chars) == (len(known), labels(known))


def labels(known: dict[str, int]) -> int:
    """How many characters a trie of these keys has: one for each different beginning."""
    return len({key[:end] for key in known for end in range(1, len(key) + 1)})
