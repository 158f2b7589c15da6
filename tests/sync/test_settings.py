"""Settings: every key by file and by variable, every refusal with its key, the accepted values and the line."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from sync.errors import SettingsError
from sync.settings import Pool, Settings, accepted, as_file, load, read

OTHER: dict[str, Any] = {
    "label_studio_url": "http://label.example:9000/base",
    "label_studio_url_for_people": "https://label.example/people",
    "label_studio_token": "a" * 40,
    "timeout_seconds": 5.5,
    "store": "sqlite:///other.sqlite3",
    "projects": [3, 4],
    "backend_url": "http://ml.example",
    "backend_url_for_label_studio": "http://ml.inside",
    "backend_user": "studio",
    "backend_password": "p5",
    "public_url": "https://tiebreak.example",
    "secret": "s3",
    "dashboard_user": "lead",
    "dashboard_password": "p4",
    "login_header": "X-Remote-User",
    "trusted_proxies": ["10.0.0.0/8", "::1"],
    "log_format": "json",
    "sync_seconds": 7.0,
    "wake_seconds": 0.5,
    "round_seconds": 0.0,
    "round_part": 50,
    "pause": 2.0,
    "quiet_seconds": 5.0,
    "full_assessment_hours": 6.0,
    "hourly_cost": 18.5,
    "overlap": "by gain",
    "most_answers": 5,
    "answers_ahead": 20,
    "extra_answer_cost": 2.0,
    "holdout_share": 0.25,
    "consensus_method": "majority",
    "bootstrap": 200,
    "confidence": 0.9,
    "seed": 17,
    "control_weights": {"mood": 2.0},
    "label_weights": {"mood": {"very bad": 3.0}},
    "distances": {"mood": "ordinal", "notes": "own_distances:of_texts"},
    "pools": {"expert": {"annotators": [1, 2], "accuracy": 0.95, "answers": 20.0}},
    "policy": {"p1_from": 0.7, "weights": {"tie": 0.5}},
    "rules": [{"name": "short", "control": "notes", "max_characters": 200}],
    "review_limit": 9,
    "reviews_a_day": 50,
    "reviews_a_reviewer": 20,
    "review_days": {"P1": 0.5, "P3": 60.0},
    "disputants": "may not rule",
    "leaderboard": "by quality",
    "blind_share": 0.5,
}
WRONG = {
    "label_studio_url": "ftp://label.example",
    "label_studio_url_for_people": "label.example",
    "timeout_seconds": "0",
    "projects": "0",
    "backend_url": "localhost:9090",
    "backend_url_for_label_studio": "http://user:word@ml.example",
    "backend_user": "two:words",
    "public_url": "http://host:99999",
    "login_header": "Remote User",
    "trusted_proxies": "10.0.0.1/8",
    "log_format": "xml",
    "sync_seconds": "soon",
    "wake_seconds": "0",
    "round_seconds": "-1",
    "round_part": "0",
    "pause": "-1",
    "quiet_seconds": "-1",
    "overlap": "many",
    "most_answers": "0",
    "answers_ahead": "0",
    "extra_answer_cost": "0",
    "holdout_share": "0.6",
    "consensus_method": "vote",
    "bootstrap": "99",
    "confidence": "1",
    "seed": "1.5",
    "control_weights": "heavy",
    "label_weights": "heavy",
    "distances": "ordinal",
    "pools": "experts",
    "policy": "strict",
    "rules": "strict",
    "review_limit": "0",
    "reviews_a_day": "-1",
    "reviews_a_reviewer": "many",
    "review_days": "soon",
    "disputants": "must rule",
    "leaderboard": "by speed",
    "blind_share": "1.1",
    "full_assessment_hours": "-1",
    "hourly_cost": "nan",
}


def plain(settings: Settings) -> dict[str, Any]:
    values = {name: getattr(settings, name) for name in Settings.model_fields}
    return {name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in values.items()}


def expected(name: str) -> object:
    if name == "pools":
        return {"expert": Pool(annotators=(1, 2), accuracy=0.95, answers=20.0)}
    value = OTHER[name]
    return tuple(value) if isinstance(value, list) else value


def as_variable(value: object) -> str:
    if isinstance(value, dict):
        return json.dumps(value)
    if isinstance(value, list) and all(isinstance(one, int) for one in value):
        return ",".join(map(str, value))
    return json.dumps(value) if isinstance(value, list) else str(value)


def test_the_tables_of_this_test_name_every_setting() -> None:
    texts = {"label_studio_token", "store", "secret", "dashboard_user", "dashboard_password", "backend_password"}
    assert set(OTHER) == set(Settings.model_fields)
    assert set(WRONG) == set(Settings.model_fields) - texts


def test_every_setting_can_be_set_by_file(tmp_path: Path) -> None:
    file = tmp_path / "tiebreak.toml"
    file.write_text(as_file(OTHER), encoding="utf-8")
    assert plain(load(file)) == {name: expected(name) for name in OTHER}


@pytest.mark.parametrize("name", OTHER)
def test_a_variable_beats_the_file(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"TIEBREAK_{name.upper()}", as_variable(OTHER[name]))
    assert plain(read("", Path("x.toml")))[name] == expected(name)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_in_the_file_names_line_key_and_accepted_values(name: str) -> None:
    text = f"# a comment\nseed = 1\n{name} = {WRONG[name]!r}\n" if name != "seed" else f"\n\nseed = {WRONG[name]!r}\n"
    with pytest.raises(SettingsError) as refused:
        read(text, Path("my.toml"))
    said = str(refused.value)
    assert said.startswith(f"my.toml, line 3: {name}: {WRONG[name]!r} is refused")
    assert said.endswith(f"Accepted: {accepted(Settings.model_fields[name])}.")


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_in_a_variable_names_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"TIEBREAK_{name.upper()}", WRONG[name])
    with pytest.raises(SettingsError, match=f"^environment variable TIEBREAK_{name.upper()}: "):
        read("", Path("tiebreak.toml"))


@pytest.mark.parametrize("text", ["p3_from = 1", '"a(" = 1', "[labels]\nx = 1", "label_studio.url = 1"])
def test_an_unknown_key_names_its_line_and_the_known_ones(text: str) -> None:
    with pytest.raises(SettingsError, match=r"my\.toml, line 2: .*: no such setting; there are: label_studio_url, "):
        read(f"\n{text}\n", Path("my.toml"))


def test_an_unknown_variable_is_refused_and_the_programs_own_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for known in ("CACHE", "LABEL_STUDIO", "FAULTS", "SHARED_DATA", "ML_PORT"):
        monkeypatch.setenv(f"TIEBREAK_{known}", "x")
    read("", Path("tiebreak.toml"))
    monkeypatch.setenv("TIEBREAK_SEEDS", "1")
    with pytest.raises(SettingsError, match=r"^environment variable TIEBREAK_SEEDS: no such setting; there are: "):
        read("", Path("tiebreak.toml"))


def test_a_policy_is_refused_by_its_key_and_what_is_accepted() -> None:
    with pytest.raises(SettingsError, match=r"my\.toml, line 1: policy\.review_from, p2_from, p1_from.*go down"):
        read("policy = { p1_from = 0.1 }", Path("my.toml"))
    with pytest.raises(SettingsError, match=r"my\.toml, line 3: policy\.budgets: no such key. Accepted: 'budget'"):
        read("seed = 1\n[policy]\nbudgets = 3", Path("my.toml"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[pools.crowd]\nannotators = [1]\naccuracy = 1.5",
            "my.toml, line 3: pools.crowd.accuracy: 1.5 is refused. Accepted: a number, above 0, below 1.",
        ),
        (
            "[pools.crowd]\nannotators = [1]",
            "my.toml, line 1: pools.crowd.accuracy: it is missing. Accepted: a number, above 0, below 1.",
        ),
        (
            "[pools]\ncrowd = { annotators = 'bob', accuracy = 0.7 }",
            "my.toml, line 2: pools.crowd.annotators: 'bob' is refused. Accepted: a list of the annotators' ids.",
        ),
        (
            "[pools.crowd]\nannotators = [1]\naccuracy = 0.7\nanswer = 3",
            "my.toml, line 4: pools.crowd.answer: no such key; there are: annotators, accuracy, answers",
        ),
        ("pools.crowd = 3", "my.toml, line 1: pools.crowd: 3 is refused. Accepted: a table for each pool: annotators"),
        (
            "[control_weights]\n'the mood' = -1",
            "my.toml, line 2: control_weights.the mood: -1 is refused. Accepted: a table: control = a number",
        ),
        (
            "seed = 3\n[policy]\n[policy.weights]\ntie = 3",
            "my.toml, line 4: policy.weights.tie: 3 is refused. Accepted: a number from 0 to 1.",
        ),
        (
            "policy = { budget = 'x' }",
            "my.toml, line 1: policy.budget: 'x' is refused. Accepted: a whole number of entries a run, from 0 on;",
        ),
        ("policy = 3", "my.toml, line 1: policy: 3 is refused. Accepted: a table with keys of docs/policy.md."),
        ("rules = 3", "my.toml, line 1: rules: 3 is refused. Accepted: a table for each rule, [[rules]]."),
        ("seed = -1", "my.toml, line 1: seed: -1 is refused. Accepted: a whole number, at least 0."),
    ],
)
def test_a_wrong_value_within_a_table_names_its_own_line_and_key(text: str, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(text, Path("my.toml"))
    assert str(refused.value).startswith(said)
    assert "nput should" not in str(refused.value)


def test_a_wrong_value_within_a_variable_names_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEBREAK_POOLS", '{"crowd": {"annotators": [1], "accuracy": 2}}')
    with pytest.raises(SettingsError, match=r"^environment variable TIEBREAK_POOLS: crowd\.accuracy: 2 is refused\. "):
        read("", Path("my.toml"))


def test_the_file_that_is_written_shows_examples_of_tables_and_they_are_accepted() -> None:
    rows = as_file({}).splitlines()
    shown = [row[2:] for row, before in zip(rows[1:], rows, strict=False) if before == "# Nothing is set. An example:"]
    names = ["pools", "control_weights", "label_weights", "distances", "policy", "rules"]
    assert [row.split(" = ")[0] for row in shown] == names
    settings = read("\n".join(shown), Path("my.toml"))
    assert all(getattr(settings, name) for name in names)
    listed = ("# projects", "# trusted_proxies")  # what they accept is said with an example
    assert not any(row.endswith(("= {}", "= []")) for row in rows if not row.startswith(listed))


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        read('seed = "x"\nbootstrap = 1\nfoo = 2\n', Path("my.toml"))
    assert [line.split(":")[0] for line in str(refused.value).splitlines()] == [f"my.toml, line {n}" for n in (2, 1, 3)]


def test_secrets_show_in_no_repr_and_no_error() -> None:
    settings = read(as_file({"label_studio_token": "tok-1", "secret": "sec-2", "dashboard_password": "pas-3"}), Path())
    assert not any(word in f"{settings!r} {settings}" for word in ("tok-1", "sec-2", "pas-3"))
    with pytest.raises(SettingsError) as refused:
        read("secret = [1234567]\nstore = [7654321]", Path("my.toml"))
    assert "1234567" not in str(refused.value)
    assert "7654321" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"seed = ", r"not a TOML file: Invalid value \(at "),
        (b"\xff\xfe", "not a TOML file: 'utf-8' codec"),
        (b"seed = 1\nseed = 2", "not a TOML file: Cannot overwrite a value"),
    ],
)
def test_a_file_that_is_no_toml_is_named(content: bytes, said: str, tmp_path: Path) -> None:
    file = tmp_path / "tiebreak.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=said):
        load(file)


def test_a_file_of_windows_is_read(tmp_path: Path) -> None:
    file = tmp_path / "tiebreak.toml"
    file.write_bytes(b"\xef\xbb\xbfseed = 5\r\n")
    assert load(file).seed == 5


def test_a_file_that_is_missing_is_named_only_where_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load() == Settings()
    with pytest.raises(SettingsError, match=r"none\.toml: no such file; `tiebreak init` writes one"):
        load(Path("none.toml"))
    monkeypatch.setenv("TIEBREAK_CONFIG", "other.toml")
    with pytest.raises(SettingsError, match=r"other\.toml: no such file"):
        load()


def test_addresses_lose_the_slash_and_tokens_the_blanks_around_them() -> None:
    settings = read('label_studio_url = "http://one.example/"\nlabel_studio_token = " tok\\n"', Path())
    assert settings.label_studio_url == "http://one.example"
    assert settings.label_studio_token.get_secret_value() == "tok"


def test_a_project_that_stands_there_twice_is_named() -> None:
    with pytest.raises(SettingsError, match=r"projects.*project 4 stands there twice"):
        read("projects = [4, 2, 4]", Path("tiebreak.toml"))


@pytest.mark.parametrize("weight", ["-1", "nan", "inf", '"heavy"'])
def test_a_weight_is_a_number_from_0_on(weight: str) -> None:
    for text in (f"control_weights = {{ mood = {weight} }}", f"label_weights = {{ mood = {{ bad = {weight} }} }}"):
        with pytest.raises(SettingsError, match="_weights"):
            read(text, Path("my.toml"))
