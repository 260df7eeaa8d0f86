"""How git is started: nothing that came with the workspace or its environment has a say in it."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from steward.core.errors import UnavailableError

_OVERRIDES = (
    # What a repository's own configuration could have us run. Each is switched off here, because
    # the configuration came with the files and not from the person.
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.pager=cat",
    "core.editor=false",
    "core.sshCommand=false",
    "core.askPass=false",
    "core.attributesFile=/dev/null",
    "credential.helper=",
    "commit.gpgSign=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.allow=never",
    "safe.bareRepository=explicit",
    "submodule.recurse=false",
    # And what could have us show or write something else than we say.
    "core.quotePath=true",
    "core.splitIndex=false",
    "core.sparseCheckout=false",
    "core.untrackedCache=false",
    "core.logAllRefUpdates=true",
    "i18n.commitEncoding=UTF-8",
    "diff.noprefix=false",
    "diff.mnemonicPrefix=false",
    "diff.orderFile=/dev/null",
    "diff.suppressBlankEmpty=false",
)
_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    # A file of the repository that says which parents its commits have; what is sent has others.
    "GIT_GRAFT_FILE": "/dev/null",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "false",
    "GIT_ASKPASS": "false",
    "SSH_ASKPASS": "false",
}


def git_command(root: Path, extra: Mapping[str, str]) -> list[str]:
    """The words before git's own arguments.

    GitPython always passes on the process's environment, in which any GIT_* variable would
    redirect git; `env -i` is how it starts with nothing but what stands here all the same.

    Raises:
        UnavailableError: there is no git that we trust.
    """
    program = trusted_git(root)
    variables = {"HOME": str(Path.home()), **git_environment(program), **extra}
    assigned = [f"{name}={value}" for name, value in variables.items()]
    return ["/usr/bin/env", "-i", *assigned, *git_words(program)]


def git_words(program: str) -> list[str]:
    """The program, and the options under which nothing is run that came with a repository."""
    overrides = [word for override in _OVERRIDES for word in ("-c", override)]
    return [program, "--no-pager", *overrides]


def git_environment(program: str) -> dict[str, str]:
    """The whole environment of git but for a home."""
    return {"PATH": f"{Path(program).parent}:/usr/bin:/bin", **_ENVIRONMENT}


def trusted_git(root: Path) -> str:
    """The absolute path of a git that the workspace did not bring along."""
    found = shutil.which("git")
    # A PATH with "." or the workspace in it would have us run what the workspace calls git.
    if found is None or not Path(found).is_absolute() or Path(found).is_relative_to(root):
        raise UnavailableError("git is not installed, or only inside the workspace; install it.")
    return found
