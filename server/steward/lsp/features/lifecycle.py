"""`initialize` and `initialized`: what both sides can do, and the moment to open the rooms."""

from lsprotocol import types

from steward.lsp.session import Session


def initialize(session: Session, params: types.InitializeParams) -> None:
    """Take in what the client can do. Runs before the answer, so nothing slow belongs here."""
    session.begin(params)


def initialized(session: Session, _params: types.InitializedParams) -> None:
    """The answer is out: everything heavy may load now."""
    session.initialized.set()
