"""Agents and trusted folders at a shell."""

import json
from pathlib import Path

import pytest

from tests.agents.definitions.written import written
from tests.cli.conftest import Ask, Books


def test_an_agent_is_kept_shown_changed_and_deleted(books: Books, ask: Ask, tmp_path: Path) -> None:
    ask("people", "add", "x", "--role", "owner")
    ask("people", "add", "olga", "--role", "owner", user="x")
    assert ask("agent", "create", "paint", user="olga", stdin=written())[0] == 0
    file = tmp_path / "other.md"
    file.write_text(written(name="Other"), encoding="utf-8")
    assert ask("agent", "edit", "paint", "--from", file, user="olga")[0] == 0
    listed = json.loads(ask("agent", "list", "--json", user="olga")[1])
    assert [each["name"] for each in listed if each["id"] == "paint"] == ["Other"]
    assert ask("agent", "show", "paint", user="olga")[1] == written(name="Other")
    assert ask("agent", "delete", "paint", user="olga")[0] == 0
    assert ask("agent", "show", "paint", user="olga")[0] == 2


def test_a_definition_with_a_mistake_is_refused_with_its_line(books: Books, ask: Ask) -> None:
    code, said = ask("agent", "create", "paint", stdin=written("nmae: x"))
    assert (code, "paint:5: There is no field `nmae`" in said) == (2, True)


def test_a_folder_is_trusted_and_not_any_more(books: Books, ask: Ask, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    (folder / ".steward" / "agents").mkdir(parents=True)
    (folder / ".steward" / "agents" / "paint.md").write_text(written(), encoding="utf-8")
    assert "paint" not in ask("agent", "list", "--workspace", folder)[1]
    assert "`paint`" in ask("trust", folder)[1]
    assert "yes" in ask("trust", "--list")[1]
    assert ask("trust", folder, "--revoke")[0] == 0
    assert "paint" not in ask("agent", "list", "--workspace", folder)[1]


def test_it_is_shown_which_files_tell_agents_what_to_do_and_why_one_does_not(
    books: Books, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEWARD_CONFIG_DIR", str(tmp_path / "config"))
    folder = tmp_path / "project"
    own = tmp_path / "config" / "AGENTS.md"
    for place, said in ((own, "mine"), (folder / "AGENTS.md", "top"), (folder / "a/b.md", "b")):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(said, encoding="utf-8")
    near = folder / "a" / "AGENTS.md"
    near.write_text("near\n@b.md\n\u200b", encoding="utf-8")

    def counting(path: Path) -> dict[str, bool]:
        said = ask("instructions", path, "--workspace", folder, "--json")[1]
        return {each["path"]: each["counts"] for each in json.loads(said)}

    everything = ["a/AGENTS.md", "a/b.md", "AGENTS.md", str(own)]
    assert counting(folder / "a") == dict(zip(everything, [False] * 3 + [True], strict=True))
    assert "a/AGENTS.md` as it is now: 14 bytes (1 hidden characters" in ask("trust", folder)[1]
    assert counting(folder / "a") == dict.fromkeys(everything, True)
    assert counting(folder) == {"AGENTS.md": True, str(own): True}
    near.write_text("others' words", encoding="utf-8")
    told = ask("instructions", folder / "a/x.py", "--workspace", folder)[1]
    assert "it was changed since you said yes to it" in told
    ask("trust", folder, "--revoke")
    assert not any(counting(folder / "a")[path] for path in ("AGENTS.md", "a/AGENTS.md"))
    ask("trust", folder)
    assert counting(folder / "a") == {"a/AGENTS.md": True, "AGENTS.md": True, str(own): True}
    assert ask("instructions", tmp_path, "--workspace", folder)[0] == 2
