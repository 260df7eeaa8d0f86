"""The pytest plugin for authors of extensions: the fixture `extension`.

It stands beside the package and not in it: pytest loads it in every session where Steward is
installed, and most of them are about something else.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from steward.extensions.authoring.fixture import ExtensionUnderTest, Sandbox


@pytest.fixture(scope="session")
def steward_sandbox() -> "Iterator[Sandbox]":
    """The sandbox in which a session's extensions run."""
    from steward.app.authoring import open_sandbox
    from steward.core.clock import SystemClock
    from steward.extensions.authoring.fixture import Sandbox
    from steward.settings import load_settings

    sandbox = Sandbox(lambda: open_sandbox(load_settings(), SystemClock(), _nobody))
    yield sandbox
    sandbox.close()


@pytest.fixture
def extension(
    request: pytest.FixtureRequest, steward_sandbox: "Sandbox"
) -> "Iterator[ExtensionUnderTest]":
    """The extension in whose folder the test stands, in the real sandbox."""
    from steward.extensions.authoring.fixture import ExtensionUnderTest, package_above

    under_test = ExtensionUnderTest(steward_sandbox, package_above(request.path.parent))
    yield under_test
    under_test.close()


def _nobody(_said: str) -> None:
    """Compiling a runtime takes a while once; a test says nothing of it."""
