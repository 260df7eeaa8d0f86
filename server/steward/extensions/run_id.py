"""What stands in a run's place where a proposal, or a model's call, is an extension's."""

from steward.core.principal import Principal

_PREFIX = "extension:"


def run_of_proposal(extension: str, owner: str, fresh: str) -> str:
    """The id of the run that one proposal of an extension is; `owner` is who lands it."""
    return f"{_PREFIX}{extension}:{owner}:{fresh}"


def run_of_day(extension: str, principal: Principal, day: str) -> str:
    """The id of the run that an extension's model calls of one day are, for one person."""
    return f"{_PREFIX}{extension}:{principal.user}:{day}"


def extension_of_run(run_id: str) -> str:
    """The extension that such an id stands for; empty for the id of another run."""
    return run_id.removeprefix(_PREFIX).partition(":")[0] if run_id.startswith(_PREFIX) else ""


def owner_of_run(run_id: str) -> str:
    """The process that lands the proposal of such an id; empty for another one."""
    parts = run_id.split(":")
    return parts[2] if run_id.startswith(_PREFIX) and len(parts) == 4 else ""


def begins_like_one() -> str:
    """What every such id begins with, for a search in the database."""
    return _PREFIX
