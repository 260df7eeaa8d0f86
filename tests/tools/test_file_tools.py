"""Tools see the files as the person has them, and nothing that is kept from models."""

import re

import pytest

from steward.workspace.proposal import EditProposal
from tests.rooms import Rooms, answering, yes
from tests.tools.agent import use

CANARY = "canary-51c7"
KEPT_BACK = (".env", "secrets/key.txt", "build/out.txt", "private.txt", "id_rsa")


@pytest.fixture
def guarded(rooms: Rooms) -> Rooms:
    """Files that each hold a canary, and rules that keep them from models."""
    root = rooms.workspace.root
    for name in KEPT_BACK:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(f"{CANARY}\n")
    (root / ".gitignore").write_text("build/\n")
    (root / ".stewardignore").write_text("secrets/\nprivate.txt\n")
    (root / "link.txt").symlink_to("private.txt")
    return rooms


@pytest.mark.parametrize("name", [*KEPT_BACK, "link.txt", "../project/private.txt", "./.env"])
async def test_a_file_kept_from_models_is_not_read(guarded: Rooms, name: str) -> None:
    result = await use(guarded, "read_file", path=name)
    assert not result.ok
    assert CANARY not in result.text


@pytest.mark.parametrize("name", [*KEPT_BACK, "link.txt"])
async def test_a_file_kept_from_models_is_not_read_from_the_editor_either(
    guarded: Rooms, name: str
) -> None:
    guarded.editor.documents[guarded.workspace.root / name] = f"{CANARY} unsaved\n"
    result = await use(guarded, "read_file", path=name)
    assert not result.ok
    assert CANARY not in result.text


async def test_a_search_finds_nothing_in_files_kept_from_models(guarded: Rooms) -> None:
    (guarded.workspace.root / "open.txt").write_text(f"{CANARY} may be seen\n")
    result = await use(guarded, "search", query=CANARY)
    assert result.text == f"open.txt:1: {CANARY} may be seen"


async def test_a_file_kept_from_models_is_not_edited(guarded: Rooms) -> None:
    for name in KEPT_BACK:
        result = await use(guarded, "edit_file", path=name, old_text=CANARY, new_text="x")
        assert (result.ok, result.proposal_id) == (False, None)


@pytest.mark.parametrize(
    "name",
    [".vscode/settings.json", ".github/workflows/ci.yml", ".gitignore", "conf/.envrc", ".Vscode/x"],
)
async def test_a_file_that_steers_tools_is_not_edited(rooms: Rooms, name: str) -> None:
    path = rooms.workspace.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("old\n")
    result = await use(rooms, "edit_file", path=name, old_text="old", new_text="new")
    assert (result.ok, result.proposal_id) == (False, None)
    assert "steers tools" in result.text


@pytest.mark.parametrize("name", ["gone.py", "../a.py", "/etc/passwd", ".git/config", "a.py\u200b"])
async def test_what_is_no_file_of_the_workspace_is_refused(rooms: Rooms, name: str) -> None:
    for tool, more in (("read_file", {}), ("edit_file", {"old_text": "a", "new_text": "b"})):
        assert not (await use(rooms, tool, path=name, **more)).ok


async def test_an_edit_is_a_proposal_and_changes_nothing(rooms: Rooms) -> None:
    result = await use(rooms, "edit_file", path="a.py", old_text="two", new_text="2")
    assert (result.ok, result.text) == (True, "Edit a.py")
    assert result.proposal_id is not None
    kept = await rooms.proposals.find(result.proposal_id)
    assert isinstance(kept.proposal, EditProposal)
    assert kept.proposal.changes[0].after == "one\n2\nthree\n"
    assert (rooms.workspace.root / "a.py").read_text() == "one\ntwo\nthree\n"
    assert rooms.editor.edits == []


async def test_an_edit_is_made_of_the_document_as_the_editor_has_it(rooms: Rooms) -> None:
    rooms.editor.documents[rooms.workspace.root / "a.py"] = "one\ntwo and a half\n"
    result = await use(rooms, "edit_file", path="a.py", old_text="two and a half", new_text="2.5")
    kept = await rooms.proposals.find(result.proposal_id or "")
    assert isinstance(kept.proposal, EditProposal)
    assert kept.proposal.changes[0].before == "one\ntwo and a half\n"


async def test_reading_shows_the_unsaved_document_and_the_lines_asked_for(rooms: Rooms) -> None:
    rooms.editor.documents[rooms.workspace.root / "a.py"] = "1\n2\x0c\n3\n4"
    whole = await use(rooms, "read_file", path="a.py")
    assert whole.text == "a.py, lines 1 to 4 of 4\n1\n2\x0c\n3\n4"
    some = await use(rooms, "read_file", path="a.py", first_line=2, last_line=3)
    assert some.text == "a.py, lines 2 to 3 of 4\n2\x0c\n3\n"


async def test_a_search_sees_unsaved_documents_and_says_where(rooms: Rooms) -> None:
    rooms.editor.documents[rooms.workspace.root / "a.py"] = "x\n    Needle here\n"
    (rooms.workspace.root / "b.bin").write_bytes(b"\xff\0needle")
    assert (await use(rooms, "search", query="needle")).text == "a.py:2: Needle here"
    assert (await use(rooms, "search", query="nowhere")).text == "Nothing contains 'nowhere'."


async def test_a_search_ends_after_a_hundred_matches(rooms: Rooms) -> None:
    (rooms.workspace.root / "many.txt").write_text("needle\n" * 500)
    lines = (await use(rooms, "search", query="needle")).text.split("\n")
    assert len(lines) == 101
    assert lines[-1] == "… and more; search for something longer."


async def test_a_commit_needs_something_that_this_run_landed(rooms: Rooms) -> None:
    async with answering(rooms, rooms.principal, yes):
        result = await use(rooms, "commit", message="Fix it", branch="steward/fix")
    assert not result.ok
    assert "nothing to commit" in result.text


@pytest.fixture
def project(rooms: Rooms) -> Rooms:
    """A small project with code in two folders."""
    root = rooms.workspace.root
    (root / "a.py").unlink()
    for name, text in {
        "shop/basket.py": "class Basket:\n    def total(self):\n        return 1\n",
        "shop/order.py": "from shop.basket import Basket\n\n\nbasket = Basket()\n",
        "web/page.ts": "export function total(): number {\n  return 1;\n}\n",
        "notes/a.md": "Basket\n",
        "build/out.py": "class Basket: ...\n",
        ".env": "KEY=1\n",
    }.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    (root / ".gitignore").write_text("build/\n")
    return rooms


async def test_a_listing_says_what_is_kept_back_and_by_which_rule(project: Rooms) -> None:
    result = await use(project, "list_files")
    listed, _, said = result.text.partition("\n\n")
    names = [".gitignore", "notes/a.md", "shop/basket.py", "shop/order.py", "web/page.ts"]
    assert listed.split("\n") == names
    assert "Kept from models (2)" in said
    assert "'.env' may hold secrets (built-in rule '.env')" in said
    assert "'build' matches 'build/' in '.gitignore'" in said


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"folder": "shop"}, "shop/basket.py\nshop/order.py"),
        ({"glob": "*.ts"}, "web/page.ts"),
        ({"glob": "/shop/**"}, "shop/basket.py\nshop/order.py"),
        ({"folder": "web", "glob": "*.py"}, "No file that you may see is in 'web'."),
        ({"depth": 1}, ".gitignore\n\nNot entered, because of the depth: notes/, shop/, web/."),
    ],
)
async def test_a_listing_is_of_what_was_asked_for(
    project: Rooms, arguments: dict[str, object], expected: str
) -> None:
    assert (await use(project, "list_files", **arguments)).text.startswith(expected)


@pytest.mark.parametrize("folder", ["build", "gone", "..", "/etc", ".git", "shop/basket.py"])
async def test_no_other_folder_is_listed(project: Rooms, folder: str) -> None:
    assert not (await use(project, "list_files", folder=folder)).ok


async def test_a_long_listing_says_how_many_more_there_are(project: Rooms) -> None:
    for number in range(500):
        (project.workspace.root / "notes" / f"{number:03}.txt").touch()
    lines = (await use(project, "list_files", glob="*.txt")).text.split("\n\n")
    assert len(lines[0].split("\n")) == 400
    assert lines[1].startswith("… and 100 more files")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            {"query": "Basket", "kind": "definition"},
            "shop/basket.py:1: class Basket (class)\nshop/order.py:4: basket = Basket() (variable)",
        ),
        (
            {"query": "total", "kind": "definition"},
            "shop/basket.py:2: def total(self) (method of Basket)\n"
            "web/page.ts:1: function total(): number (function)",
        ),
        (
            {"query": "Basket", "kind": "reference", "glob": "*.py"},
            "shop/basket.py:1: class Basket:\n"
            "shop/order.py:1: from shop.basket import Basket\n"
            "shop/order.py:4: basket = Basket()",
        ),
        (
            {
                "query": "Basket",
                "kind": "reference",
                "case_sensitive": True,
                "glob": "shop/order.py",
            },
            "shop/order.py:1: from shop.basket import Basket\nshop/order.py:4: basket = Basket()",
        ),
        (
            {"query": r"^\s+return \d", "is_regex": True},
            "shop/basket.py:3: return 1\nweb/page.ts:2: return 1;",
        ),
        (
            {"query": "BASKET", "case_sensitive": True},
            "Nothing contains 'BASKET'.",
        ),
        (
            {"query": "def total", "context": 1},
            "shop/basket.py-1- class Basket:\n"
            "shop/basket.py:2:     def total(self):\n"
            "shop/basket.py-3-         return 1",
        ),
    ],
)
async def test_a_search_finds_what_was_asked_for(
    project: Rooms, arguments: dict[str, object], expected: str
) -> None:
    assert (await use(project, "search", **arguments)).text == expected


async def test_an_expression_that_would_never_end_elsewhere_ends(project: Rooms) -> None:
    (project.workspace.root / "a.txt").write_text("a" * 100_000 + "b\n")
    result = await use(project, "search", query="^(a+)+$", is_regex=True)
    assert result.text == "Nothing contains '^(a+)+$'."


@pytest.mark.parametrize("query", ["(", r"(a)\1", "(?=a)", "a{1000000}"])
async def test_an_expression_that_is_not_taken_is_refused(project: Rooms, query: str) -> None:
    result = await use(project, "search", query=query, is_regex=True)
    assert not result.ok
    assert "regular expression" in result.text


async def test_a_search_sees_a_document_that_was_never_saved(project: Rooms) -> None:
    root = project.workspace.root
    project.editor.documents[root / "new.py"] = "unsaved = 1\n"
    project.editor.documents[root / "build" / "new.py"] = "unsaved = 1\n"
    assert (await use(project, "search", query="unsaved")).text == "new.py:1: unsaved = 1"


async def test_lines_are_numbered_where_that_is_asked_for(project: Rooms) -> None:
    result = await use(project, "read_file", path="shop/basket.py", line_numbers=True)
    assert result.text.split("\n")[1:3] == ["1| class Basket:", "2|     def total(self):"]


async def test_what_does_not_fit_is_told(project: Rooms) -> None:
    root = project.workspace.root
    (root / "long.txt").write_text("x" * 3_000 + "\r\n" + "line\n" * 9_000)
    text = (await use(project, "read_file", path="long.txt")).text
    head, first, second = text.split("\n")[:3]
    assert re.fullmatch(r"long.txt, lines 1 to (\d+) of 9001; .* go on with first_line \d+", head)
    assert first.endswith("x… (1000 more characters on this line)\r")
    assert second == "line"
    assert not (await use(project, "read_file", path="long.txt", first_line=9_002)).ok


async def test_an_edit_has_exactly_one_form(rooms: Rooms) -> None:
    edits = [{"old_text": "two", "new_text": "2"}]
    assert not (await use(rooms, "edit_file", path="a.py")).ok
    assert not (await use(rooms, "edit_file", path="a.py", edits=edits, text="x\n")).ok
    assert not (await use(rooms, "edit_file", path="a.py", edits=[])).ok


@pytest.mark.parametrize(
    "arguments",
    [
        {"edits": [{"old_text": "one", "new_text": "1"}, {"old_text": "three", "new_text": "3"}]},
        {"text": "1\ntwo\n3"},
        {"diff": "@@ -1,3 +1,3 @@\n-one\n+1\n two\n-three\n+3\n"},
    ],
    ids=["edits", "text", "diff"],
)
async def test_every_form_of_an_edit_is_one_proposal(
    rooms: Rooms, arguments: dict[str, object]
) -> None:
    result = await use(rooms, "edit_file", path="a.py", **arguments)
    kept = await rooms.proposals.find(result.proposal_id or "")
    assert isinstance(kept.proposal, EditProposal)
    assert [change.after for change in kept.proposal.changes] == ["1\ntwo\n3\n"]


@pytest.mark.parametrize("is_open", [False, True], ids=["saved", "unsaved"])
async def test_no_search_shows_a_line_of_a_private_key(rooms: Rooms, is_open: bool) -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEcanary\ncanary+line\n-----END RSA PRIVATE KEY-----"
    text = f"one = 1\nKEY = '''\n{key}\n'''\nafter = 'canary'\n"
    path = rooms.workspace.root / "settings.py"
    path.write_text("" if is_open else text)
    if is_open:
        rooms.editor.documents[path] = text
    for arguments in ({"query": "canary"}, {"query": "^.*(canary|MII).*$", "is_regex": True}):
        found = await use(rooms, "search", **arguments, context=5)
        assert "settings.py:8: after = 'canary'" in found.text
        assert "settings.py-3- <redacted private key>" in found.text
        assert not {"MIIE", "canary+line"} & set(found.text.replace("\n", " ").split())
        assert "MIIE" not in found.text
