"""Who mentions what another file defines leads to it, and the more the rarer the name is."""

import pytest

from steward.context.map.graph import Graph
from steward.context.map.index import Index
from steward.context.map.mapped_file import map_file
from steward.context.map.names import is_private, key_of, words_of


def index_of(**files: str) -> Index:
    index = Index()
    for name, text in files.items():
        index.put(map_file(f"{name}.py", text, (1, len(text))))
    return index


def test_a_file_leads_to_what_it_mentions_by_the_root_of_how_often() -> None:
    index = index_of(
        one="def first(): ...\n",
        two="def second(): ...\n",
        user="first()\n" * 9 + "second()\n",
    )
    edges = Graph(index).edges("user.py")
    assert edges["one.py"] / edges["two.py"] == pytest.approx(3.0)


def test_names_near_the_cursor_weigh_ten_times_as_much() -> None:
    index = index_of(
        one="def first(): ...\n", two="def second(): ...\n", user="first()\nsecond()\n"
    )
    edges = Graph(index).edges("user.py", [key_of("second")])
    assert edges["two.py"] / edges["one.py"] == pytest.approx(10.0)


def test_private_names_and_those_that_many_files_define_weigh_a_tenth() -> None:
    many = {f"many_{number}": "def common(): ...\n" for number in range(6)}
    index = index_of(
        one="def first(): ...\n",
        two="def _second(): ...\n",
        user="first()\n_second()\ncommon()\n",
        **many,
    )
    edges = Graph(index).edges("user.py")
    assert edges["one.py"] / edges["two.py"] == pytest.approx(10.0)
    assert edges["one.py"] / sum(edges[f"{name}.py"] for name in many) == pytest.approx(10.0)


def test_a_name_of_a_library_leads_nowhere() -> None:
    index = index_of(one="def load(): ...\n", user="from json import load\nload()\n")
    assert Graph(index).edges("user.py") == {}


def test_what_a_file_defines_itself_leads_nowhere() -> None:
    index = index_of(one="def load(): ...\n", user="def load(): ...\nload()\n")
    assert Graph(index).edges("user.py") == {}


def test_a_file_that_is_dropped_or_changed_is_no_longer_defined() -> None:
    index = index_of(one="def load(): ...\n", two="def load(): ...\n")
    assert index.definers(key_of("load")) == ("one.py", "two.py")
    index.drop("one.py")
    assert index.definers(key_of("load")) == ("two.py",)
    index.put(map_file("two.py", "def store(): ...\n", (2, 1)))
    assert index.definers(key_of("load")) == ()
    assert len(index) == 1


def test_names_are_private_by_their_key_and_have_words() -> None:
    assert key_of("_load") & 1
    assert not key_of("load") & 1
    assert is_private("_load")
    assert not is_private("__init__")
    assert words_of("load_configFile") == {"load", "config", "file"}
    assert words_of("HTTPServer2") == {"http", "server"}
