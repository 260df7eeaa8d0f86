"""The doctor finds what was really broken, says how to mend it, and tells no secret."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from steward.cli.doctor import editors, files, machine
from steward.cli.doctor.database import database
from steward.cli.doctor.finding import Finding, code_of
from steward.core.migrate import HEAD
from steward.settings import load_settings, places
from steward.web.announced import announced
from tests.cli.conftest import Books
from tests.environment import steward_environment
from tests.places import execute

NOW = datetime(2099, 1, 1, tzinfo=UTC)
KEY = "sk-" + "never-to-be-told-0123456789"


def stored(now: datetime = NOW) -> dict[str, Finding]:
    """Area → the worst that the doctor says of the database that the settings name."""
    return worst(database(places(), now)[1])


def worst(findings: list[Finding]) -> dict[str, Finding]:
    by_badness = sorted(findings, key=lambda each: code_of([each]))
    return {each.area: each for each in by_badness}


def verdicts(findings: dict[str, Finding]) -> dict[str, str]:
    return {area: each.verdict for area, each in findings.items()}


def test_what_is_in_order_is_said_to_be(books: Books) -> None:
    assert verdicts(stored()) == {"database": "ok", "migrations": "ok", "clock": "ok"}
    assert verdicts(worst(files.data_folder(books.folder))) == {
        "data folder": "ok",
        "key files": "ok",
    }


@pytest.mark.parametrize(
    ("revision", "verdict", "mend"),
    [
        (HEAD, "ok", ""),
        ("2026_01_01_older", "warning", "steward usage"),
        ("2999_01_01_newer", "fault", "pip install --upgrade steward"),
    ],
)
def test_the_shape_of_the_database_is_compared_and_left_alone(
    books: Books, revision: str, verdict: str, mend: str
) -> None:
    execute(books.place, f"UPDATE alembic_version SET version_num = '{revision}'")
    try:
        found = stored()["migrations"]
        assert (found.verdict, found.mend) == (verdict, mend)
        kept = execute(books.place, "SELECT version_num FROM alembic_version")
        assert kept == [(revision,)]
    finally:
        execute(books.place, f"UPDATE alembic_version SET version_num = '{HEAD}'")


def test_a_key_file_that_is_gone_is_missed_where_something_was_sealed_with_it(books: Books) -> None:
    (books.folder / "ledger.key").unlink()
    found = stored()["key files"]
    assert found.verdict == "fault"
    assert "ledger.key" in found.what
    assert found.mend.startswith("cp BACKUP/ledger.key ")


def test_a_clock_that_is_behind_is_noticed(books: Books) -> None:
    found = stored(datetime(2020, 1, 1, tzinfo=UTC)).get("clock")
    entries = execute(books.place, "SELECT COUNT(*) FROM audit")[0][0]
    assert found is not None
    assert found.verdict == ("warning" if entries else "ok")


def a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own database that is up to date; the settings name its folder."""
    for name, value in steward_environment(folder, "http://127.0.0.1:9/v1").items():
        monkeypatch.setenv(name, value)
    return folder / "steward.db"


def test_a_file_that_is_no_database_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = a_file(tmp_path, monkeypatch)
    file.write_bytes(b"no database at all " * 1000)
    assert stored()["database"].verdict == "fault"


def test_a_damaged_database_is_a_fault_with_the_command_that_saves_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = a_file(tmp_path, monkeypatch)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("CREATE TABLE large (text TEXT)")
        connection.executemany("INSERT INTO large VALUES (?)", [("x" * 500,)] * 200)
        connection.commit()
    content = bytearray(file.read_bytes())
    content[3 * 4096 : 5 * 4096] = b"\xff" * (2 * 4096)
    file.write_bytes(content)
    found = stored()["database"]
    assert found.verdict == "fault"
    assert "damaged" in found.what or "malformed" in found.what


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:s3cr3t-word@127.0.0.1:9/books",
        "postgresql://ann:a?s3cr3t-word@127.0.0.1:9/books",
        "postgresql://ann@127.0.0.1:9/books?password=s3cr3t-word",
        "postgresql://ann@127.0.0.1:9/books?password=a@s3cr3t-word",
        "postgresql://ann@127.0.0.1:9/books?passwrd=s3cr3t-word",
    ],
)
def test_a_server_that_is_not_there_is_a_fault_and_its_password_is_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    a_file(tmp_path, monkeypatch)
    monkeypatch.setenv("STEWARD_DATABASE", url)
    found = stored()["database"]
    assert found.verdict == "fault"
    assert "s3cr3t-word" not in repr(found)
    assert "pg_isready" in found.mend


def open_folder(folder: Path) -> None:
    folder.chmod(0o755)


def open_key(folder: Path) -> None:
    key = folder / "ledger.key"
    key.write_text("ab" * 32)
    key.chmod(0o644)


def short_key(folder: Path) -> None:
    key = folder / "vault.key"
    key.write_text("ab")
    key.chmod(0o600)


def linked_key(folder: Path) -> None:
    (folder / "elsewhere").write_text("ab" * 32)
    (folder / "approval.key").symlink_to(folder / "elsewhere")


@pytest.mark.parametrize(
    ("break_it", "area", "verdict", "mend"),
    [
        (open_folder, "data folder", "warning", "chmod 700 "),
        (open_key, "key files", "fault", "chmod 600 "),
        (short_key, "key files", "fault", "cp BACKUP/vault.key "),
        (linked_key, "key files", "fault", "ls -l "),
    ],
)
def test_files_that_others_could_read_or_that_hold_nothing_are_found(
    tmp_path: Path, break_it: Callable[[Path], None], area: str, verdict: str, mend: str
) -> None:
    folder = tmp_path / "data folder"
    folder.mkdir(mode=0o700)
    break_it(folder)
    found = worst(files.data_folder(folder))[area]
    assert (found.verdict, found.mend.startswith(mend)) == (verdict, True)
    if mend.startswith("chmod"):
        # The command that is named really mends it.
        subprocess.run(["sh", "-c", found.mend], check=True)
        assert worst(files.data_folder(folder))[area].verdict == "ok"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[gateway\n", "no TOML"),
        ("[gateway]\nno_such = 1\n", "there is no such setting"),
        (f'[gateway]\nopenai_key = "{KEY}"\nretries = 1\n', "gateway.retries"),
    ],
)
def test_settings_that_are_wrong_are_named_and_everything_else_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, said: str
) -> None:
    a_file(tmp_path / "data", monkeypatch)
    monkeypatch.setenv("STEWARD_CONFIG_DIR", str(tmp_path))
    (tmp_path / "settings.toml").write_text(content)
    settings, is_whole, found = files.settings()
    assert (is_whole, found[0].verdict) == (False, "fault")
    assert said in f"{found[0].what} {found[0].why}"
    assert KEY not in repr(found)
    assert settings.data_dir == tmp_path / "data"


@pytest.mark.parametrize(("mode", "verdict"), [(0o600, "ok"), (0o644, "warning"), (0o666, "fault")])
def test_settings_that_others_could_write_or_read_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, verdict: str
) -> None:
    a_file(tmp_path / "data", monkeypatch)
    monkeypatch.setenv("STEWARD_CONFIG_DIR", str(tmp_path))
    tmp_path.chmod(0o700)
    file = tmp_path / "settings.toml"
    file.write_text("")
    file.chmod(mode)
    _, is_whole, found = files.settings()
    assert is_whole
    assert any(each.verdict == verdict for each in found)
    for each in found:
        if each.mend:
            subprocess.run(["sh", "-c", each.mend], check=True)
    assert all(each.verdict == "ok" for each in files.settings()[2])


def test_a_full_disk_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert files.disk(tmp_path / "not" / "there").verdict == "ok"
    real = os.statvfs(tmp_path)
    full = os.statvfs_result((*real[:4], 10, *real[5:]))

    def statvfs(_path: Path) -> os.statvfs_result:
        return full

    monkeypatch.setattr("os.statvfs", statvfs)
    assert files.disk(tmp_path).verdict == "fault"


def a_program(folder: Path, name: str, says: str = "") -> None:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\necho '{says}'\n")
    file.chmod(0o755)


def test_git_that_is_missing_or_old_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine.git().verdict == "fault"
    a_program(tmp_path, "git", "git version 2.11.0")
    assert machine.git().verdict == "warning"
    a_program(tmp_path, "git", "git version 2.47.1.windows")
    assert machine.git().verdict == "ok"


def test_an_editor_that_was_not_told_of_steward_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs, home = tmp_path / "bin", tmp_path / "home"
    monkeypatch.setenv("PATH", str(programs))
    a_program(programs, "hx")
    a_program(programs, "steward")
    (said,) = editors.editors(home)
    assert (said.verdict, "Helix" in said.what) == ("warning", True)
    languages = home / ".config" / "helix" / "languages.toml"
    languages.parent.mkdir(parents=True)
    languages.write_text('[language-server.steward]\ncommand = "steward"\n')
    assert [each.verdict for each in editors.editors(home)] == ["ok"]
    (programs / "steward").unlink()
    assert [each.verdict for each in editors.editors(home)] == ["ok", "warning"]


def test_a_server_is_found_as_long_as_it_lives(tmp_path: Path) -> None:
    assert "none runs" in machine.server(tmp_path).what
    with announced(tmp_path, "http://127.0.0.1:8484"):
        assert f"http://127.0.0.1:8484 (process {os.getpid()})" in machine.server(tmp_path).what
    assert "none runs" in machine.server(tmp_path).what


def doctor(folder: Path, *words: str, **more: str) -> tuple[int, dict[str, str], str]:
    """Exit code, area → worst verdict, and all that was said."""
    environment = steward_environment(folder, "http://127.0.0.1:9/v1", more)
    done = subprocess.run(
        [sys.executable, "-m", "steward", "doctor", "--json", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    found = [Finding(**each) for each in json.loads(done.stdout)["findings"]]
    return done.returncode, verdicts(worst(found)), done.stdout + done.stderr


def test_the_command_looks_at_everything_though_settings_and_database_are_broken(
    tmp_path: Path,
) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data" / "steward.db").write_bytes(b"nonsense" * 1000)
    (tmp_path / "settings.toml").write_text("[gateway]\nwrong = 1\n")
    code, found, said = doctor(
        tmp_path / "data", STEWARD_CONFIG_DIR=str(tmp_path), OPENAI_API_KEY=KEY
    )
    assert code == 2
    assert (found["settings"], found["database"]) == ("fault", "fault")
    assert {"disk", "sandbox", "git", "editors", "server", "versions"} <= found.keys()
    assert KEY not in said


def test_a_provider_is_asked_only_where_that_is_wished(books: Books) -> None:
    del books
    from steward.cli.doctor.models import models

    settings = load_settings()
    offline = worst(models(settings, online=False))
    assert "online" not in offline
    assert offline["models"].verdict == "ok"
    asked = worst(models(settings, online=True))["online"]
    assert (asked.verdict, asked.mend) == ("fault", "curl -sS -o /dev/null http://127.0.0.1:9/v1")


def test_the_worst_finding_is_the_exit_code() -> None:
    fine, doubt, broken = (Finding("x", each, "") for each in ("ok", "warning", "fault"))
    assert [code_of(each) for each in ([fine], [fine, doubt], [broken, doubt, fine], [])] == [
        *(0, 1, 2),
        0,
    ]
