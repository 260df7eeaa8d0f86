"""A policy counts only where nobody but its administrator could have put it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from steward.core.agent_limits import POLICY_BYTES_MAX
from steward.core.errors import InvalidInputError, NotPermittedError
from steward.permissions.policy_place import DEFAULT_PLACE, PolicyPlace

NOBODY = 65534
TEXT = "version = 1\n"
Spoil = Callable[[Path], Path]


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A good one, beside a workspace."""
    folder = tmp_path / "etc" / "steward"
    folder.mkdir(parents=True)
    (tmp_path / "workspace").mkdir()
    file = folder / "policy.toml"
    file.write_text(TEXT)
    return file


def _mode(file: Path, mode: int) -> Path:
    file.chmod(mode)
    return file


def _folder_mode(file: Path, mode: int) -> Path:
    file.parent.chmod(mode)
    return file


def _given_away(file: Path) -> Path:
    os.chown(file, NOBODY, NOBODY)
    return file


def _in_given_away_folder(file: Path) -> Path:
    os.chown(file.parent.parent, NOBODY, NOBODY)
    return file


def _in_workspace(file: Path) -> Path:
    return file.rename(file.parents[2] / "workspace" / "policy.toml")


def _linked_into_workspace(file: Path) -> Path:
    inside = _in_workspace(file)
    file.symlink_to(inside)
    return file


def _through_link_of_nobody(file: Path) -> Path:
    link = file.parents[2] / "link"
    link.symlink_to(file)
    os.chown(link, NOBODY, NOBODY, follow_symlinks=False)
    return link


def _written(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file


HOSTILE: dict[str, tuple[Spoil, str]] = {
    "group may write": (lambda file: _mode(file, 0o664), "others may write"),
    "everybody may write": (lambda file: _mode(file, 0o646), "others may write"),
    "folder open to a group": (lambda file: _folder_mode(file, 0o775), "others may write"),
    "folder open to all": (lambda file: _folder_mode(file, 0o777), "others may write"),
    "of somebody": (_given_away, "belongs to neither"),
    "in a folder of somebody": (_in_given_away_folder, "belongs to neither"),
    "in the workspace": (_in_workspace, "in the workspace"),
    "a link into the workspace": (_linked_into_workspace, "in the workspace"),
    "through a link of somebody": (_through_link_of_nobody, "somebody else's"),
}
BROKEN: dict[str, tuple[Spoil, str]] = {
    "no file": (lambda file: file.with_name("other.toml"), "no such file"),
    "a folder": (lambda file: file.parent, "directory"),
    "no TOML": (lambda file: _written(file, b"version = "), "no TOML"),
    "no UTF-8": (lambda file: _written(file, b"\xff"), "no TOML"),
    "nested without end": (lambda file: _written(file, b"a = " + b"[" * 9000), "no TOML"),
    "no version": (lambda file: _written(file, b""), "version"),
    "another version": (lambda file: _written(file, b"version = 2"), "version"),
    "an unknown word": (lambda file: _written(file, b"version = 1\nallow = 1"), "allow"),
    "a rule that is none": (
        lambda file: _written(
            file,
            b"version = 1\n[[rules]]\nname='x'\nagents=['*']\nworkspaces=['/**']\nedits=['{a}']",
        ),
        "is none|uses more",
    ),
    "a relative workspace": (
        lambda file: _written(
            file, b"version = 1\n[[rules]]\nname='x'\nagents=['*']\nworkspaces=['ci/**']"
        ),
        "absolute",
    ),
    "too large": (lambda file: _written(file, b"#" * (POLICY_BYTES_MAX + 1)), "more than"),
}


def read(file: Path, owner: str = "") -> object:
    workspace = next(each for each in file.parents if (each / "workspace").is_dir()) / "workspace"
    return PolicyPlace(file, owner).read(workspace)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("case", HOSTILE)
def test_a_policy_that_somebody_else_could_have_written_does_not_count(
    case: str, policy: Path
) -> None:
    spoil, why = HOSTILE[case]
    assert read(policy) is not None
    with pytest.raises(NotPermittedError, match=why):
        read(spoil(policy))


@pytest.mark.parametrize("case", BROKEN)
def test_of_a_policy_that_cannot_be_read_nothing_counts(case: str, policy: Path) -> None:
    spoil, why = BROKEN[case]
    with pytest.raises(InvalidInputError, match=why):
        read(spoil(policy), owner="root")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_beside_root_only_the_administrator_of_the_settings_may_own_it(policy: Path) -> None:
    assert read(_given_away(policy), owner="nobody") is not None
    with pytest.raises(InvalidInputError, match="is nobody on this machine"):
        read(policy, owner="no-such-person")


def test_without_a_file_at_the_usual_place_there_is_no_policy(tmp_path: Path) -> None:
    if not DEFAULT_PLACE.exists():
        assert PolicyPlace(DEFAULT_PLACE).read(tmp_path) is None
