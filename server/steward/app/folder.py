"""An open folder, and what agents and ghost text look at in it."""

from dataclasses import dataclass
from pathlib import Path

from steward.app.ground import Ground
from steward.context.map.symbol_map import SymbolMap
from steward.workspace.editor import Editor
from steward.workspace.failed_tests import FailedTests
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.verdicts import RecentVerdicts
from steward.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Folder:
    """An open folder."""

    workspace: Workspace
    verdicts: RecentVerdicts
    symbols: SymbolMap
    failed_tests: FailedTests


def open_folder(ground: Ground, root: Path, editor: Editor) -> Folder:
    """What everybody looks at where this folder is open."""
    clock, oracle = ground.clock, IgnoreOracle(root)
    workspace = Workspace(root, editor, oracle)
    symbols = SymbolMap(workspace, clock)
    return Folder(workspace, RecentVerdicts(oracle, clock), symbols, FailedTests(root))
