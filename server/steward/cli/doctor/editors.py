"""The editors that are installed here, and whether each has been told of Steward."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from steward.cli.doctor.finding import Finding, ok, warning

_BYTES_MAX = 1 << 20
_NAME = b"steward"


@dataclass(frozen=True, slots=True)
class _Editor:
    name: str
    programs: tuple[str, ...]
    places: tuple[str, ...]
    """Below the home folder: files that name Steward, or entries of a folder that bear its name."""
    mend: str


_EDITORS = (
    _Editor(
        "VS Code",
        ("code", "codium", "code-server"),
        (
            ".vscode/extensions/*steward*",
            ".vscode-oss/extensions/*steward*",
            ".vscode-server/extensions/*steward*",
            ".local/share/code-server/extensions/*steward*",
        ),
        "code --install-extension clients/vscode/dist/steward.vsix",
    ),
    _Editor(
        "Neovim",
        ("nvim",),
        (
            ".local/share/nvim/site/pack/*/*/steward*",
            ".config/nvim/**/*.lua",
            ".config/nvim/*.vim",
        ),
        "mkdir -p ~/.local/share/nvim/site/pack/steward/start && ln -s"
        " /path/to/steward/clients/neovim ~/.local/share/nvim/site/pack/steward/start/steward",
    ),
    _Editor(
        "Emacs",
        ("emacs",),
        (".emacs", ".emacs.d/*.el", ".config/emacs/*.el", ".config/doom/*.el"),
        "See docs/how-to/emacs.md for what to add to init.el",
    ),
    _Editor(
        "Helix",
        ("hx", "helix"),
        (".config/helix/languages.toml",),
        "See docs/how-to/helix.md for what to add to ~/.config/helix/languages.toml",
    ),
    _Editor(
        "Kate",
        ("kate",),
        (".config/kate/lspclient/settings.json", ".config/katerc"),
        "See docs/how-to/kate.md for what to add to Kate's LSP client settings",
    ),
    _Editor(
        "Sublime Text",
        ("subl", "sublime_text"),
        (".config/sublime-text*/Packages/User/LSP.sublime-settings",),
        "See docs/how-to/sublime.md for what to add to LSP.sublime-settings",
    ),
    _Editor(
        "Zed",
        ("zed", "zeditor"),
        (".config/zed/settings.json",),
        "See docs/how-to/zed.md for what to add to ~/.config/zed/settings.json",
    ),
)


def editors(home: Path) -> Iterator[Finding]:
    """Every editor that is found, and `steward` itself, which most of them start by its name."""
    found = [each for each in _EDITORS if any(map(shutil.which, each.programs))]
    if not found:
        yield ok("editors", "none that Steward knows is on the PATH")
    for each in found:
        if _is_told(home, each):
            yield ok("editors", f"{each.name} knows Steward")
        else:
            what = f"{each.name} is installed, and nothing in its settings names Steward"
            why = "It shows no ghost text and asks no questions there."
            yield warning("editors", what, why, each.mend)
    if found and shutil.which("steward") is None:
        what = "`steward` is not on the PATH"
        why = "Editors that start it by its name do not find it."
        yield warning(
            "editors", what, why, "ln -s /path/to/steward/.venv/bin/steward ~/.local/bin/"
        )


def _is_told(home: Path, editor: _Editor) -> bool:
    return any(_names(file) for place in editor.places for file in home.glob(place))


def _names(file: Path) -> bool:
    if _NAME in file.name.lower().encode():
        return True
    try:
        with file.open("rb") as opened:
            return _NAME in opened.read(_BYTES_MAX).lower()
    except OSError:
        return False
