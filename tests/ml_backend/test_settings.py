from pathlib import Path

import pytest

from ml_backend.errors import SettingsError
from ml_backend.settings import PREFIX, Settings, load


def test_the_environment_is_read_and_the_command_line_beats_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TIEBREAK_ML_DATA", "/elsewhere")
    monkeypatch.setenv("TIEBREAK_ML_MEDIA_HOSTS", "images.internal, 10.0.0.7")
    monkeypatch.setenv("TIEBREAK_ML_SYNC_URL", "http://localhost:8085/")
    found = load()
    assert (found.data, found.media_hosts) == (Path("/elsewhere"), ("images.internal", "10.0.0.7"))
    assert found.sync_url == "http://localhost:8085"
    assert load({"data": tmp_path}).data == tmp_path
    assert load({"data": None}).data == Path("/elsewhere")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SYNC_URL", "localhost:8085", "'localhost:8085' is refused: must be an address such as"),
        ("THREADS", "0", "'0' is refused: .* Accepted: a whole number, at least 1, at most 256"),
        ("UTILITY", "vibes", "Accepted: fused, least_confidence, margin, entropy, disagreement, novelty"),
        ("ORDER", "first", "ORDER: .first. is refused. Accepted: variance, diverse, utility, .*, random"),
        (
            "MEDIA_HOSTS",
            "10.0.0.7 http://foo/",
            "'http://foo/' is no host name; write foo alone, without http://, port",
        ),
        ("MEDIA_HOSTS", "foo:8080", "'foo:8080' is no host name; write foo alone"),
        ("MEDIA_HOSTS", "foo/bar", "'foo/bar' is no host name; write foo alone"),
        ("MEDIA_HOSTS", "http://", "'http://' is no host name; write a name such as images.internal alone"),
        ("PREDICT_SECONDS", "95", "predict_seconds and media_seconds together must leave 5 of the 100 seconds"),
    ],
)
def test_a_wrong_value_is_refused_with_its_name_and_what_is_accepted(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(SettingsError, match=told) as caught:
        load()
    assert PREFIX + name in str(caught.value) or name.lower() in str(caught.value)


def test_hosts_are_names_and_addresses_of_either_kind() -> None:
    hosts = ("Images.internal", "10.0.0.7", "::1", "fd00::A", "images_2")
    assert load({"media_hosts": hosts}).media_hosts == hosts


def test_an_unknown_variable_is_refused_with_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEBREAK_ML_SECERT", "x")
    with pytest.raises(SettingsError, match=r"TIEBREAK_ML_SECERT: no such setting; there are: .*TIEBREAK_ML_SECRET"):
        load()


def test_secrets_are_masked_and_nothing_can_be_changed() -> None:
    found = Settings(secret="between-us", label_studio_token="t0ken")
    assert "between-us" not in f"{found!r} {found}"
    assert "t0ken" not in f"{found!r} {found}"
    with pytest.raises(ValueError, match="frozen"):
        found.threads = 4  # type: ignore[misc]


def test_a_value_that_is_a_secret_is_not_repeated_in_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as caught:
        load({"secret": 7})
    assert "7" not in str(caught.value).replace("TIEBREAK", "")
