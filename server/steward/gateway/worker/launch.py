"""How the process that holds litellm is started: which version, with what, and knowing what."""

from pathlib import Path

LITELLM_VERSION = "1.106.2"
"""The only version that is loaded. The lock file holds the hashes of its packages."""

_PROGRAM = (
    "import sys; sys.path.append(sys.argv[1]); from child.main import main; sys.path.pop();"
    " main(sys.argv[2])"
)
_FOLDER = Path(__file__).parent


def command(python: Path) -> tuple[str, ...]:
    """The command: this interpreter, cut off from our environment and our packages."""
    return (str(python), "-I", "-c", _PROGRAM, str(_FOLDER), LITELLM_VERSION)


def environment(folder: str) -> dict[str, str]:
    """All that the process is told by its environment."""
    return {
        # No home of the user's: there are other programs' keys in it.
        "HOME": folder,
        "TMPDIR": folder,
        "LANG": "C.UTF-8",
        "PYTHONUTF8": "1",
        # Otherwise litellm fetches its price list when it is imported, and reads `.env` files.
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_MODE": "PRODUCTION",
        "LITELLM_LOG": "CRITICAL",
        "HF_HUB_OFFLINE": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_GCE_CHECK": "true",
    }
