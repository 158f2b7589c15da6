"""docker-compose.yml and docker/, read as text: no Docker engine runs here, so this is all that is checked."""

import re
import tomllib
from fnmatch import fnmatch
from ipaddress import ip_address
from typing import Any

import pytest
import typer
import yaml

from ml_backend.cli import app as ml_app
from ml_backend.settings import Settings as MLSettings
from ml_backend.settings import load as load_ml
from sync.cli import app
from sync.demo.embedded import VERSION, find_executable
from sync.errors import DemoError
from sync.settings import Settings, load

from .test_requirements import ROOT

TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "docker/Dockerfile").read_text(encoding="utf-8")
EXAMPLE = dict(
    line.split("=", 1)
    for line in (ROOT / "docker/example.env").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
FILLED = {name: value or "a1" * 20 for name, value in EXAMPLE.items()} | {"TIEBREAK_PROJECTS": "1,2"}
OURS = ("tiebreak", "tiebreak-ml")


def environment(service: str) -> dict[str, str]:
    """A service's variables, those of docker/example.env put in."""
    given = SERVICES[service]["environment"]
    return {name: VARIABLE.sub(lambda found: FILLED[found[1]], value) for name, value in given.items()}


def test_every_variable_is_in_the_example_and_the_other_way_round() -> None:
    assert {found[1] for found in VARIABLE.finditer(TEXT)} == set(EXAMPLE)


def test_no_secret_has_a_default_and_a_missing_one_says_what_to_do() -> None:
    secret = re.compile("PASSWORD|TOKEN|SECRET|USERNAME")
    found = [one for one in VARIABLE.finditer(TEXT) if secret.search(one[1])]
    assert {one[0] for one in found if one[2] != "?" or f"set {one[1]} in .env" not in one[3]} == set()
    assert {name for name in EXAMPLE if secret.search(name) and EXAMPLE[name]} == {"LABEL_STUDIO_USERNAME"}


def test_images_are_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert SERVICES["label-studio"]["image"] == f"heartexlabs/label-studio:{VERSION}"
    assert {SERVICES[one]["image"] for one in OURS} == {f"tiebreak:{project['version']}"}
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    exact = re.compile(r"[\w/-]+:\d+\.\d+(\.\d+)?[\w.-]*")
    assert all(exact.fullmatch(image) for image in [*bases, *(one["image"] for one in SERVICES.values())])


@pytest.mark.parametrize("service", OURS)
def test_variables_are_settings_and_their_values_are_accepted(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(service).items():
        monkeypatch.setenv(name, value)
    if service == "tiebreak":
        settings: Settings | MLSettings = load()
        assert settings.projects == (1, 2)  # type: ignore[union-attr]
    else:
        settings = load_ml()
    assert settings.secret.get_secret_value() == FILLED["TIEBREAK_SECRET"]
    assert settings.label_studio_token.get_secret_value() == FILLED["LABEL_STUDIO_TOKEN"]


@pytest.mark.parametrize("service", OURS)
def test_commands_and_their_options_exist(service: str) -> None:
    program, name, *options = SERVICES[service]["command"]
    assert program == service
    command: Any = typer.main.get_command(app if service == "tiebreak" else ml_app)
    given = command.commands[name].make_context(name, options).params
    assert ip_address(given["host"]).is_unspecified
    assert f"http://127.0.0.1:{given['port']}/" in str(SERVICES[service]["healthcheck"]["test"])


@pytest.mark.parametrize(
    ("service", "name", "seen_from"),
    [
        ("tiebreak", "TIEBREAK_LABEL_STUDIO_URL", "label-studio"),
        ("tiebreak", "TIEBREAK_BACKEND_URL", "tiebreak-ml"),
        ("tiebreak", "TIEBREAK_PUBLIC_URL", "tiebreak"),
        ("tiebreak-ml", "TIEBREAK_ML_SYNC_URL", "tiebreak"),
        ("tiebreak-ml", "TIEBREAK_ML_LABEL_STUDIO_URL", "label-studio"),
    ],
)
def test_services_find_each_other(service: str, name: str, seen_from: str) -> None:
    host, port = environment(service)[name].removeprefix("http://").split(":")
    assert host == seen_from
    command = SERVICES[host]["command"]
    assert command[command.index("--port") + 1] == port


def test_label_studio_allows_private_addresses_and_tells_nobody() -> None:
    given = environment("label-studio")
    wanted = {
        "SSRF_PROTECTION_ENABLED": "false",
        "ML_BLOCK_LOCAL_IP": "false",
        "COLLECT_ANALYTICS": "False",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    }
    assert wanted.items() <= given.items()


def test_label_studio_knows_every_variable_that_it_is_given() -> None:
    try:
        home = find_executable().parent.parent
    except DemoError:
        pytest.skip("no Label Studio is installed to compare with")
    (package,) = home.glob("lib/python*/site-packages/label_studio")
    places = [package / "server.py", *package.glob("core/settings/*.py")]
    source = "".join(place.read_text(encoding="utf-8") for place in places)
    names = environment("label-studio")
    assert [
        name for name in names if f"'{name.removeprefix('LABEL_STUDIO_')}'" not in source and name not in source
    ] == []


def test_the_databases_are_those_that_are_named() -> None:
    given = environment("database")
    label_studio, store = environment("label-studio"), environment("tiebreak")["TIEBREAK_STORE"]
    assert (label_studio["POSTGRE_USER"], label_studio["POSTGRE_NAME"]) == (
        given["POSTGRES_USER"],
        given["POSTGRES_DB"],
    )
    user, password = given["POSTGRES_USER"], given["POSTGRES_PASSWORD"]
    assert store == f"postgresql+psycopg://{user}:{password}@database:5432/tiebreak"
    assert "CREATE DATABASE tiebreak;" in (ROOT / "docker/databases.sql").read_text(encoding="utf-8")


def test_only_this_machine_reaches_the_ports_and_nobody_the_backend_and_the_database() -> None:
    ports = {name: service.get("ports", []) for name, service in SERVICES.items()}
    assert ports == {
        "database": [],
        "label-studio": ["${BIND:-127.0.0.1}:8080:8080"],
        "tiebreak-ml": [],
        "tiebreak": ["${BIND:-127.0.0.1}:8085:8085"],
    }
    assert EXAMPLE["BIND"] == "127.0.0.1"


def test_every_service_is_watched_and_starts_after_what_it_needs() -> None:
    assert all("healthcheck" in service for service in SERVICES.values())
    needed = SERVICES["tiebreak"]["depends_on"]
    assert {name: one["condition"] for name, one in needed.items()} == dict.fromkeys(
        ("database", "label-studio", "tiebreak-ml"), "service_healthy"
    )


def test_what_is_kept_lies_in_declared_volumes_or_committed_files() -> None:
    sources = {text.split(":")[0] for service in SERVICES.values() for text in service.get("volumes", [])}
    assert {name for name in sources if not name.startswith(".")} == set(COMPOSE["volumes"])
    assert [name for name in sources if name.startswith(".") and not (ROOT / name).is_file()] == []


def test_the_image_runs_as_nobody_special() -> None:
    *_, last = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)
    assert last == "tiebreak"
    assert re.search(r"useradd --uid 10001 .* tiebreak\b", DOCKERFILE)
    assert not {"privileged", "user"} & {key for service in SERVICES.values() for key in service}
    assert all("no-new-privileges:true" in SERVICES[one]["security_opt"] for one in OURS)


def test_what_the_image_copies_exists_and_is_let_through() -> None:
    let_through = [
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")
    ]
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    ]
    assert copied
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert [name for name in copied if not any(fnmatch(name, pattern) for pattern in let_through)] == []
