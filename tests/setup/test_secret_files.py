"""Each setting of both services can stand in a file of its own, which a variable names."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ml_backend.errors import SettingsError as MLSettingsError
from ml_backend.settings import Settings as MLSettings
from ml_backend.settings import load as load_ml
from sync.errors import SettingsError
from sync.settings import Settings, load

BOTH: list[tuple[str, Callable[[], Any], type[Exception]]] = [
    ("TIEBREAK_", load, SettingsError),
    ("TIEBREAK_ML_", load_ml, MLSettingsError),
]


@pytest.mark.parametrize(("prefix", "read", "error"), BOTH)
def test_a_secret_is_read_from_its_file(
    prefix: str, read: Callable[[], Any], error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_text("of the file\n")
    monkeypatch.setenv(f"{prefix}SECRET_FILE", str(tmp_path / "secret"))
    settings: Settings | MLSettings = read()
    assert settings.secret.get_secret_value() == "of the file"
    assert "of the file" not in repr(settings)
    monkeypatch.setenv(f"{prefix}SECRET", "another")
    with pytest.raises(error, match=f"^{prefix}SECRET and {prefix}SECRET_FILE are both set: leave one of them out$"):
        read()


@pytest.mark.parametrize(("prefix", "read", "error"), BOTH)
def test_a_file_that_is_not_there_or_holds_nonsense_is_named(
    prefix: str, read: Callable[[], Any], error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(f"{prefix}LABEL_STUDIO_URL_FILE", str(tmp_path / "url"))
    with pytest.raises(error, match=f"^environment variable {prefix}LABEL_STUDIO_URL_FILE: .*: No such file"):
        read()
    (tmp_path / "url").write_text("nonsense\n")
    with pytest.raises(error, match=f"{prefix}LABEL_STUDIO_URL_FILE"):
        read()


def test_the_store_and_the_projects_too_and_they_beat_the_settings_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiebreak.toml").write_text('store = "sqlite:///a.sqlite3"\n')
    (tmp_path / "store").write_text("postgresql+psycopg://u:p@database/tiebreak")
    (tmp_path / "projects").write_text("1,2\n")
    monkeypatch.setenv("TIEBREAK_STORE_FILE", str(tmp_path / "store"))
    monkeypatch.setenv("TIEBREAK_PROJECTS_FILE", "projects")
    settings = load()
    assert settings.store == "postgresql+psycopg://u:p@database/tiebreak"
    assert settings.projects == (1, 2)


def test_a_file_of_no_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEBREAK_SECRETS_FILE", "x")
    with pytest.raises(SettingsError, match="TIEBREAK_SECRETS_FILE: no such setting"):
        load()
