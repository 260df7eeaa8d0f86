"""Every choice an operator can make, in one tree.

It is read from the environment and, below it, from `settings.toml` in the user's own
configuration folder. Nothing is read from a workspace: what it holds was written by others.
"""

import json
import os
import tomllib
from collections.abc import Collection, Generator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import platformdirs
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from steward.agents.settings import AgentsSettings
from steward.completion.settings import CompletionSettings
from steward.core.described import Described
from steward.core.errors import InvalidInputError
from steward.extensions.settings import ExtensionsSettings
from steward.forge.settings import ForgeSettings
from steward.gateway.request import Task
from steward.gateway.settings import GatewaySettings
from steward.gateway.team.settings import TeamSettings, through_team
from steward.ledger.settings import LedgerSettings
from steward.operations.figures.settings import MetricsSettings
from steward.operations.settings import OperationsSettings
from steward.permissions.settings import PermissionsSettings
from steward.sandbox.settings import SandboxSettings
from steward.tools.mcp.settings import McpSettings
from steward.web.settings import WebSettings

_Tree = dict[str, Any]
_Origins = dict[tuple[str, ...], str]
"""Path of a setting → where it was written."""

_PREFIX = "STEWARD_"
_SHORT: dict[str, tuple[str, ...]] = {
    "OPENAI_API_KEY": ("gateway", "openai_key"),
    "OTEL_EXPORTER_OTLP_ENDPOINT": ("operations", "otlp_endpoint"),
    "STEWARD_DATABASE": ("database",),
    "STEWARD_DATA_DIR": ("data_dir",),
    "STEWARD_MODEL_KEY": ("gateway", "key"),
    "STEWARD_MODEL_URL": ("gateway", "url"),
    "STEWARD_POLICY_FILE": ("permissions", "policy_file"),
    "STEWARD_TEAM_TOKEN": ("team", "token"),
    "STEWARD_TEAM_URL": ("team", "url"),
}
_POSTGRESQL = ("postgresql://", "postgres://")
_FILE_BYTES_MAX = 1024 * 1024


def _absolute(folder: Path) -> Path:
    folder = folder.expanduser()
    if not folder.is_absolute():
        # It would mean another folder for each workspace, and one that the workspace controls.
        raise ValueError("it must be an absolute path")
    return folder


def _database(place: SecretStr) -> SecretStr:
    written = place.get_secret_value()
    if not written.startswith(_POSTGRESQL) and not Path(written).expanduser().is_absolute():
        raise ValueError(
            "it must be postgresql://USER:PASSWORD@HOST/DATABASE, or the absolute path of a file"
        )
    return place


def _default_data_dir() -> Path:
    return Path(platformdirs.user_data_dir("steward", appauthor=False))


class Settings(Described):
    """All settings. The variable for the setting `name` of `section` is `STEWARD_SECTION__NAME`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Annotated[Path, AfterValidator(_absolute)] = Field(default_factory=_default_data_dir)
    """The folder that holds the database; by default Steward's folder in the user's data
    folder. Short: `STEWARD_DATA_DIR`."""
    database: Annotated[SecretStr, AfterValidator(_database)] | None = None
    """Where a server keeps what a team shares: `postgresql://USER:PASSWORD@HOST/DATABASE`, or the
    absolute path of an SQLite file; where it is not set, `steward.db` in the data folder. Short:
    `STEWARD_DATABASE`."""
    agents: AgentsSettings = AgentsSettings()
    completion: CompletionSettings = CompletionSettings()
    extensions: ExtensionsSettings = ExtensionsSettings()
    forge: ForgeSettings = ForgeSettings()
    gateway: GatewaySettings = GatewaySettings()
    ledger: LedgerSettings = LedgerSettings()
    mcp: McpSettings = McpSettings()
    metrics: MetricsSettings = MetricsSettings()
    operations: OperationsSettings = OperationsSettings()
    permissions: PermissionsSettings = PermissionsSettings()
    sandbox: SandboxSettings = SandboxSettings()
    team: TeamSettings = TeamSettings()
    web: WebSettings = WebSettings()

    @property
    def database_place(self) -> Path | str:
        """The database's file, or the URL of one on PostgreSQL, which may hold a password."""
        if self.database is None:
            return self.data_dir / "steward.db"
        written = self.database.get_secret_value()
        return written if written.startswith(_POSTGRESQL) else Path(written).expanduser()

    @property
    def ledger_key(self) -> Path:
        """The file of the key that seals the ledger's entries."""
        return self.data_dir / "ledger.key"

    @property
    def vault_key(self) -> Path:
        """The file of the key that seals the providers' keys."""
        return self.data_dir / "vault.key"

    @property
    def placeholder_key(self) -> Path:
        """The file of the key that makes placeholders of secrets."""
        return self.data_dir / "placeholder.key"


def secrets_in(section: BaseModel) -> Generator[SecretStr]:
    """Every secret value of the settings, or of a section of them."""
    for value in dict(section).values():
        for each in (
            cast("Mapping[str, object]", value).values() if isinstance(value, Mapping) else (value,)
        ):
            if isinstance(each, SecretStr):
                yield each
            elif isinstance(each, BaseModel):
                yield from secrets_in(each)


def inherited(names: Collection[str]) -> dict[str, str]:
    """Those of these variables that the process's environment has."""
    return {name: os.environ[name] for name in names if name in os.environ}


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings in force, from the process's environment or the one given.

    Raises:
        InvalidInputError: one of them is wrong; the message names it and where it was written.
    """
    given = os.environ if environment is None else environment
    # An empty variable is how a shell unsets one for a single command.
    variables = {name: value for name, value in given.items() if value.strip()}
    file = config_folder(variables) / "settings.toml"
    tree = _read_file(file)
    origins: _Origins = {}
    for path, value, name in _from_environment(variables):
        _put(tree, path, value, name)
        origins[path] = f"the variable {name}"
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as error:
        raise InvalidInputError(_complaint(error, origins, file)) from None
    return settings if settings.team.url is None else _through_team(settings, origins, file)


def places(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings of which only the places count, for whoever must go on where others are wrong.

    A place that is wrong itself is the usual one.
    """
    given = os.environ if environment is None else environment
    variables = {name: value for name, value in given.items() if value.strip()}
    try:
        tree = _read_file(config_folder(variables) / "settings.toml")
    except InvalidInputError:
        tree = {}
    for name in ("data_dir", "database"):
        if (variable := f"{_PREFIX}{name.upper()}") in variables:
            tree[name] = variables[variable]
    found: _Tree = {}
    for name in ("data_dir", "database"):
        with suppress(ValidationError):
            if name in tree:
                Settings.model_validate({name: tree[name]})
                found[name] = tree[name]
    return Settings.model_validate(found)


def settings_file(environment: Mapping[str, str] | None = None) -> Path:
    """The file of the settings, whether it is there or not."""
    given = os.environ if environment is None else environment
    return (
        config_folder({n: value for n, value in given.items() if value.strip()}) / "settings.toml"
    )


def _through_team(settings: Settings, origins: _Origins, file: Path) -> Settings:
    """The settings in force where a team's server is asked for everything."""
    gateway = settings.gateway
    held = {
        ("database",): settings.database,
        ("gateway", "key"): gateway.key,
        ("gateway", "openai_key"): gateway.openai_key,
        ("gateway", "url"): gateway.url,
        **{("gateway", "providers", name): said for name, said in gateway.providers.items()},
    }
    lines = [
        f"{'.'.join(path)} (from {_origin(path, origins, file)})"
        for path, value in held.items()
        if value is not None
    ]
    if lines:
        raise InvalidInputError(
            "Model calls go through your team's server ([team]), and whoever works through it holds"
            " no provider's key, provider or database of their own. Remove these and start again,"
            " or remove `url` and `token` from [team]:\n" + "\n".join(lines)
        )
    ledger = settings.ledger.without_default()
    through = through_team(gateway, settings.team)
    return settings.model_copy(update={"gateway": through, "ledger": ledger})


def config_folder(environment: Mapping[str, str]) -> Path:
    """The folder of `settings.toml`: STEWARD_CONFIG_DIR, or the platform's own."""
    chosen = environment.get("STEWARD_CONFIG_DIR")
    if chosen is None:
        return Path(platformdirs.user_config_dir("steward", appauthor=False))
    try:
        return _absolute(Path(chosen))
    except ValueError as error:
        raise InvalidInputError(f"The variable STEWARD_CONFIG_DIR is wrong: {error}.") from None


def own_instructions(environment: Mapping[str, str] | None = None) -> Path:
    """The person's own file of instructions for agents, beside `settings.toml`."""
    given = os.environ if environment is None else environment
    variables = {name: value for name, value in given.items() if value.strip()}
    return config_folder(variables) / "AGENTS.md"


def author_keys_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Where the keys lie with which the person signs extensions, beside `settings.toml`."""
    given = os.environ if environment is None else environment
    variables = {name: value for name, value in given.items() if value.strip()}
    return config_folder(variables) / "extension-keys"


def _read_file(file: Path) -> _Tree:
    try:
        with file.open("rb") as opened:
            content = opened.read(_FILE_BYTES_MAX + 1)
        if len(content) > _FILE_BYTES_MAX:
            raise InvalidInputError(f"The file {str(file)!r} is larger than settings can be.")
        return tomllib.loads(content.decode("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InvalidInputError(
            f"The settings in {str(file)!r} cannot be read: {error.strerror}. Make the file"
            " readable for you, or remove it."
        ) from error
    except ValueError as error:
        raise InvalidInputError(
            f"The settings in {str(file)!r} are no TOML: {error}. Correct the file."
        ) from error


def _from_environment(variables: Mapping[str, str]) -> list[tuple[tuple[str, ...], Any, str]]:
    """Path, value and variable of each setting; the short forms first, so that full ones win."""
    found: list[tuple[tuple[str, ...], Any, str]] = [
        (path, variables[name], name) for name, path in _SHORT.items() if name in variables
    ]
    found += _model(variables)
    for name, value in variables.items():
        if not name.startswith(_PREFIX) or name in _SHORT:
            continue
        if "__" in name:
            path = tuple(name.removeprefix(_PREFIX).lower().split("__"))
            found.append((path, _value(value), name))
    return found


def _model(variables: Mapping[str, str]) -> list[tuple[tuple[str, ...], Any, str]]:
    model, price = variables.get("STEWARD_MODEL"), variables.get("STEWARD_MODEL_PRICE")
    found: list[tuple[tuple[str, ...], Any, str]] = []
    if model is not None:
        found += [(("gateway", "models", task), model, "STEWARD_MODEL") for task in get_args(Task)]
    if price is not None:
        if model is None:
            raise InvalidInputError(
                "The variable STEWARD_MODEL_PRICE is set, but STEWARD_MODEL is not: the price of"
                " which model is it? Set both."
            )
        sent, slash, written = price.partition("/")
        if not slash:
            raise InvalidInputError(
                f"The variable STEWARD_MODEL_PRICE is wrong: {price!r} is not a pair such as"
                ' "0.15/0.60", in US dollars a million tokens for input and output.'
            )
        rates = {"input": sent.strip(), "output": written.strip()}
        found.append((("gateway", "prices", model), rates, "STEWARD_MODEL_PRICE"))
    return found


def _value(written: str) -> object:
    """A variable's value; lists and tables are written as JSON."""
    if written.lstrip()[:1] not in ("[", "{"):
        return written
    try:
        return json.loads(written)
    except ValueError:
        return written  # Its type will be refused, by its name.


def _put(tree: _Tree, path: tuple[str, ...], value: object, name: str) -> None:
    *sections, last = path
    for section in sections:
        below = tree.setdefault(section, {})
        if not isinstance(below, dict):
            raise InvalidInputError(f"The variable {name} is wrong: {section!r} is no section.")
        tree = cast("_Tree", below)
    tree[last] = value


def _complaint(error: ValidationError, origins: _Origins, file: Path) -> str:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [
        f"{'.'.join(map(str, each['loc'])) or 'settings'} (from"
        f" {_origin(tuple(map(str, each['loc'])), origins, file)}):"
        f" {_reason(each)}"
        for each in found[:10]
    ]
    return "These settings are wrong; correct them and start again.\n" + "\n".join(lines)


def _reason(each: ErrorDetails) -> str:
    if each["type"] == "extra_forbidden":
        return "there is no such setting"
    return each["msg"].removeprefix("Value error, ")


def _origin(path: tuple[str, ...], origins: _Origins, file: Path) -> str:
    """Where the setting was written; for a whole section, everything that wrote into it."""
    above = [origins[path[:size]] for size in range(len(path), 0, -1) if path[:size] in origins]
    below = [origin for at, origin in origins.items() if at[: len(path)] == path]
    return above[0] if above else ", ".join(dict.fromkeys(below)) or f"the file {str(file)!r}"


def wishes_no_colour() -> bool:
    """Whether the person's environment asks for none (no-color.org), or their terminal has none."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
