"""Settings come from the user's environment and folder, and a wrong one is named."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from steward.core.errors import InvalidInputError
from steward.core.money import NANO_PER_USD
from steward.settings import Settings, load_settings


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    folder.mkdir()
    return folder


def load(config: Path, file: str = "", **variables: str) -> Settings:
    if file:
        (config / "settings.toml").write_text(file, encoding="utf-8")
    return load_settings({"STEWARD_CONFIG_DIR": str(config), **variables})


def refusal(config: Path, file: str = "", **variables: str) -> str:
    with pytest.raises(InvalidInputError) as error:
        load(config, file, **variables)
    return str(error.value)


def test_without_any_setting_there_is_a_limit_and_no_model(config: Path) -> None:
    settings = load(config)
    assert settings.ledger.limit_nano_usd == 20 * NANO_PER_USD
    assert settings.gateway.base_url is None
    assert settings.data_dir.is_absolute()
    assert settings.database_place == settings.data_dir / "steward.db"


def test_the_environment_stands_above_the_file(config: Path) -> None:
    file = "[ledger]\nlimit_usd = 3\nreservation_hold = 1200\n"
    assert load(config, file).ledger.limit_usd == 3
    settings = load(config, file, STEWARD_LEDGER__LIMIT_USD="5.50")
    assert settings.ledger.limit_usd == Decimal("5.5")
    assert settings.ledger.reservation_hold == timedelta(minutes=20)


def test_one_variable_is_enough_for_openai(config: Path) -> None:
    gateway = load(config, OPENAI_API_KEY="sk-x").gateway
    assert gateway.base_url == "https://api.openai.com/v1"
    assert gateway.bearer is not None
    assert gateway.model_for("completion") == "gpt-4.1-mini"
    assert gateway.model_for("agent") == "gpt-4.1"


@pytest.mark.parametrize(
    ("keys", "completion"),
    [
        (("codestral",), "codestral/codestral-latest"),
        (("deepseek", "openai", "mistral"), "mistral/codestral-latest"),
        (("deepseek", "openai"), "gpt-4.1-mini"),
        (("deepseek",), "deepseek/deepseek-v4-pro"),
        (("anthropic",), None),
    ],
)
def test_ghost_text_goes_to_a_model_for_gaps_where_there_is_a_key(
    config: Path, keys: tuple[str, ...], completion: str | None
) -> None:
    kept = load(config).gateway
    assert kept.model_for("completion", keys) == completion
    assert kept.model_for("agent", keys) == ("gpt-4.1" if "openai" in keys else None)
    file = "".join(f'[gateway.providers.{name}]\nkey = "k"\n' for name in keys if name != "openai")
    here = {"OPENAI_API_KEY": "sk-x"} if "openai" in keys else {}
    assert load(config, file, **here).gateway.model_for("completion") == completion
    chosen = load(config, file, STEWARD_GATEWAY__MODELS__COMPLETION="mine", **here).gateway
    assert chosen.model_for("completion", keys) == "mine"


def test_three_variables_are_enough_for_another_endpoint(config: Path) -> None:
    gateway = load(
        config,
        STEWARD_MODEL_URL="http://127.0.0.1:8080/v1/",
        STEWARD_MODEL="qwen/coder-7b.q4",
        STEWARD_MODEL_PRICE="0.15/0.60",
    ).gateway
    assert gateway.base_url == "http://127.0.0.1:8080/v1"
    assert gateway.model_for("plan") == "qwen/coder-7b.q4"
    assert gateway.prices["qwen/coder-7b.q4"].output == Decimal("0.60")
    assert gateway.bearer is None


def test_a_full_name_stands_above_a_short_one(config: Path) -> None:
    gateway = load(
        config, STEWARD_MODEL="small", STEWARD_GATEWAY__MODELS__PLAN="large", OPENAI_API_KEY="k"
    ).gateway
    assert [gateway.model_for(task) for task in ("completion", "plan")] == ["small", "large"]


def test_an_empty_variable_is_no_variable(config: Path) -> None:
    assert load(config, OPENAI_API_KEY="").gateway.base_url is None


def test_lists_are_written_as_json(config: Path) -> None:
    settings = load(config, STEWARD_AGENTS__TEST_COMMAND='["python", "-m", "unittest"]')
    assert settings.agents.test_command == ("python", "-m", "unittest")


def test_a_price_without_a_model_is_refused(config: Path) -> None:
    assert "STEWARD_MODEL" in refusal(config, STEWARD_MODEL_PRICE="1/2")


@pytest.mark.parametrize("price", ["1", "a/b", "-1/2", "1/2/3", "1e9/1"])
def test_a_price_that_is_none_is_refused_by_name(config: Path, price: str) -> None:
    assert "STEWARD_MODEL_PRICE" in refusal(config, STEWARD_MODEL="m", STEWARD_MODEL_PRICE=price)


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org", "example.org/v1", "https://ann:pw@example.org/v1", "https://x/v1?key=1"],
)
def test_an_address_that_is_none_is_refused_by_name(config: Path, url: str) -> None:
    assert "STEWARD_MODEL_URL" in refusal(config, STEWARD_MODEL_URL=url)


def test_a_key_does_not_travel_unencrypted(config: Path) -> None:
    told = refusal(
        config, STEWARD_MODEL_URL="http://example.org/v1", STEWARD_MODEL_KEY="very-secret-key"
    )
    assert "unencrypted" in told
    assert "STEWARD_MODEL_URL" in told
    assert "very-secret-key" not in told


def test_a_wrong_setting_in_the_file_is_named_with_the_file(config: Path) -> None:
    told = refusal(config, "[ledger]\nlimit_usd = -3\n[gateway]\nmodle = 'x'\n")
    assert "ledger.limit_usd" in told
    assert "gateway.modle" in told
    assert "there is no such setting" in told
    assert str(config / "settings.toml") in told


def test_a_wrong_setting_in_the_environment_is_named_with_its_variable(config: Path) -> None:
    told = refusal(config, STEWARD_LEDGER__LIMIT_USD="much")
    assert "ledger.limit_usd (from the variable STEWARD_LEDGER__LIMIT_USD)" in told


def test_a_file_that_is_no_toml_is_named(config: Path) -> None:
    assert "settings.toml" in refusal(config, "limit = = 3")
    (config / "settings.toml").write_bytes(b"\xff\xfe")
    assert "settings.toml" in refusal(config)


def test_no_setting_is_read_from_the_folder_one_stands_in(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = tmp_path / "repository"
    hostile.mkdir()
    for name in ("settings.toml", ".env", "steward.toml"):
        (hostile / name).write_text("STEWARD_MODEL_URL=http://127.0.0.1:1/v1\n[gateway]\nurl='x'\n")
    monkeypatch.chdir(hostile)
    assert load(config).gateway.url is None


@pytest.mark.parametrize("name", ["STEWARD_DATA_DIR", "STEWARD_CONFIG_DIR"])
def test_a_folder_must_not_depend_on_where_one_stands(config: Path, name: str) -> None:
    assert name in refusal(config, **{name: "data"})


def test_keys_are_not_shown(config: Path) -> None:
    settings = load(config, OPENAI_API_KEY="very-secret-key")
    assert "very-secret-key" not in repr(settings)
    assert "very-secret-key" not in settings.model_dump_json()


def test_no_reservation_ends_before_the_longest_call(config: Path) -> None:
    assert "reservation_hold" in refusal(config, STEWARD_LEDGER__RESERVATION_HOLD="PT10M")


def test_the_database_is_a_file_or_on_a_server(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "team.db"
    assert load(config, STEWARD_DATABASE=str(file)).database_place == file
    url = "postgresql://ann@host/steward"
    assert load(config, STEWARD_DATABASE=url).database_place == url
    assert load(config, f'database = "{url}"').database_place == url


def test_the_databases_password_is_shown_nowhere(config: Path) -> None:
    url = "postgresql://ann:very-secret-word@host/steward"
    settings = load(config, STEWARD_DATABASE=url)
    assert "very-secret-word" not in repr(settings) + settings.model_dump_json()
    told = refusal(config, STEWARD_DATABASE=url.replace("postgresql", "mysql"))
    assert "postgresql://USER:PASSWORD@HOST/DATABASE" in told
    assert "STEWARD_DATABASE" in told
    assert "very-secret-word" not in told


def test_a_database_is_never_sought_below_the_current_folder(config: Path) -> None:
    assert "absolute path" in refusal(config, STEWARD_DATABASE="steward.db")


TEAM = {"STEWARD_TEAM_URL": "https://steward.example.org/v1/", "STEWARD_TEAM_TOKEN": "stw_x"}


def test_a_teams_server_takes_the_place_of_providers_and_of_the_default_limit(
    config: Path,
) -> None:
    settings = load(config, **TEAM)
    assert settings.gateway.base_url == "https://steward.example.org/v1"
    assert settings.gateway.model_for("agent") == "steward"
    assert settings.gateway.split("openai/gpt-4.1") == ("team", "openai/gpt-4.1")
    assert settings.ledger.limits()["user"].hard is None
    own = load(config, **TEAM, STEWARD_LEDGER__LIMIT_USD="5", STEWARD_MODEL="openai/gpt-4.1")
    assert own.ledger.limit_nano_usd == 5 * NANO_PER_USD
    assert own.gateway.model_for("agent") == "openai/gpt-4.1"
    assert "stw_x" not in repr(own)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENAI_API_KEY", "sk-canary"),
        ("STEWARD_MODEL_KEY", "sk-canary"),
        ("STEWARD_MODEL_URL", "https://models.example.org/v1"),
        ("STEWARD_DATABASE", "postgresql://a:sk-canary@db/steward"),
        ("STEWARD_GATEWAY__PROVIDERS__ANTHROPIC__KEY", "sk-canary"),
    ],
)
def test_whoever_works_through_a_team_holds_no_key_provider_or_database(
    config: Path, name: str, value: str
) -> None:
    said = refusal(config, **TEAM, **{name: value})
    assert f"the variable {name}" in said
    assert "canary" not in said


@pytest.mark.parametrize(
    ("url", "token"),
    [("http://steward.example.org", "stw_x"), ("https://a.example", ""), ("", "stw_x")],
)
def test_a_teams_token_goes_nowhere_in_the_clear_and_neither_part_stands_alone(
    config: Path, url: str, token: str
) -> None:
    assert "team" in refusal(config, STEWARD_TEAM_URL=url, STEWARD_TEAM_TOKEN=token)
