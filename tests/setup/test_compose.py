"""docker-compose.yml and docker/, read as text; test_without_containers.py runs what stands there."""

import re
import subprocess
import tomllib
from fnmatch import fnmatch
from ipaddress import ip_address
from pathlib import Path
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
from sync.runner import GRACE_SECONDS
from sync.settings import Settings, load

from .test_requirements import ROOT

TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILES = {
    name: (ROOT / f"docker/{name}.Dockerfile").read_text(encoding="utf-8") for name in ("sync", "ml-backend")
}
EXAMPLE = dict(
    line.split("=", 1)
    for line in (ROOT / "docker/example.env").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
FILLED = EXAMPLE | {"TIEBREAK_PROJECTS": "1,2"}
OURS = ("tiebreak", "tiebreak-runner", "tiebreak-ml")
APPS = {"tiebreak": app, "tiebreak-ml": ml_app}


def environment(service: str) -> dict[str, str]:
    """A service's variables, those of docker/example.env put in."""
    given = SERVICES[service]["environment"]
    return {name: VARIABLE.sub(lambda found: FILLED[found[1]], value) for name, value in given.items()}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The secrets as docker/secrets.sh draws them."""
    folder = tmp_path_factory.mktemp("compose") / "secrets"
    subprocess.run(["sh", ROOT / "docker/secrets.sh", folder], check=True, capture_output=True)
    return folder


def secret(drawn: Path, name: str) -> str:
    return (drawn / name).read_text(encoding="utf-8").strip()


def test_every_variable_is_in_the_example_and_the_other_way_round() -> None:
    assert {found[1] for found in VARIABLE.finditer(TEXT)} == set(EXAMPLE)


def test_every_secret_is_a_file_and_none_stands_in_a_variable() -> None:
    words = re.compile("PASSWORD|TOKEN|SECRET|STORE")
    given = {name for service in SERVICES for name in environment(service) if words.search(name)}
    assert given - {"LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN"} == {name for name in given if name.endswith("_FILE")}
    assert not [name for name in EXAMPLE if words.search(name)]


def test_every_file_that_is_named_is_a_secret_of_the_service_and_drawn(drawn: Path) -> None:
    for name, service in SERVICES.items():
        named = set(re.findall(r"/run/secrets/(\w+)", str(service["environment"])))
        assert named == set(service.get("secrets", [])), name
    assert {name: one["file"] for name, one in COMPOSE["secrets"].items()} == {
        name: f"./docker/secrets/{name}" for name in COMPOSE["secrets"]
    }
    assert set(COMPOSE["secrets"]) <= {one.name for one in drawn.iterdir()}


def test_secrets_are_drawn_once_by_chance_and_only_the_owner_enters_their_folder(drawn: Path, tmp_path: Path) -> None:
    again = ["sh", str(ROOT / "docker/secrets.sh")]
    done = subprocess.run([*again, drawn], capture_output=True, text=True, check=False)
    assert (done.returncode, "is there already" in done.stderr) == (1, True)
    subprocess.run([*again, tmp_path / "other"], capture_output=True, check=True)
    assert all(secret(drawn, name) != secret(tmp_path / "other", name) for name in COMPOSE["secrets"])
    assert drawn.stat().st_mode & 0o777 == 0o700
    # In the containers they are read by users that are not the owner.
    assert {one.stat().st_mode & 0o777 for one in drawn.iterdir()} == {0o644}
    assert all(len(secret(drawn, name)) >= 24 for name in COMPOSE["secrets"])
    assert re.fullmatch("[0-9a-f]{40}", secret(drawn, "label_studio_token"))


def test_what_is_one_password_is_the_same_everywhere(drawn: Path) -> None:
    password = secret(drawn, "database_password")
    assert secret(drawn, "store") == f"postgresql+psycopg://label_studio:{password}@database:5432/tiebreak"
    assert secret(drawn, "label_studio").splitlines() == [
        f"export POSTGRE_PASSWORD={password}",
        f"export LABEL_STUDIO_PASSWORD={secret(drawn, 'label_studio_password')}",
        f"export LABEL_STUDIO_USER_TOKEN={secret(drawn, 'label_studio_token')}",
    ]


def test_images_are_pinned() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert SERVICES["label-studio"]["image"] == f"heartexlabs/label-studio:{VERSION}"
    images = {"tiebreak": "tiebreak", "tiebreak-runner": "tiebreak", "tiebreak-ml": "tiebreak-ml"}
    assert {one: SERVICES[one]["image"] for one in OURS} == {one: f"{name}:{version}" for one, name in images.items()}
    bases = [image for text in DOCKERFILES.values() for image in re.findall(r"^FROM (\S+)", text, re.MULTILINE)]
    exact = re.compile(r"[\w/-]+:\d+\.\d+(\.\d+)?[\w.-]*")
    assert all(exact.fullmatch(image) for image in [*bases, *(one["image"] for one in SERVICES.values())])


@pytest.mark.parametrize("service", OURS)
def test_variables_are_settings_and_their_values_are_accepted(
    service: str, drawn: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(service).items():
        monkeypatch.setenv(name, value.replace("/run/secrets", str(drawn)))
    if service == "tiebreak-ml":
        settings: Settings | MLSettings = load_ml()
    else:
        settings = load()
        assert settings.projects == (1, 2)
        assert settings.store == secret(drawn, "store")
        assert settings.dashboard_password.get_secret_value() == secret(drawn, "dashboard_password")
    assert settings.secret.get_secret_value() == secret(drawn, "secret")
    assert settings.label_studio_token.get_secret_value() == secret(drawn, "label_studio_token")


@pytest.mark.parametrize("service", OURS)
def test_commands_and_their_options_exist(service: str) -> None:
    program, name, *options = SERVICES[service]["command"]
    command: Any = typer.main.get_command(APPS[program])
    given = command.commands[name].make_context(name, options).params
    check = SERVICES[service]["healthcheck"]["test"]
    if "host" in given:
        assert ip_address(given["host"]).is_unspecified
        assert f"http://127.0.0.1:{given['port']}/" in str(check)
    else:
        assert check[:3] == ["CMD", program, name]
        assert command.commands[name].make_context(name, check[3:]).params["check"]


def test_people_and_programs_are_answered_by_one_service_and_projects_run_by_another() -> None:
    assert SERVICES["tiebreak"]["command"][-1] == "--no-scheduler"
    assert SERVICES["tiebreak-runner"]["command"] == ["tiebreak", "runner"]
    assert environment("tiebreak") == environment("tiebreak-runner")


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
    names = [name for name in environment("label-studio") if name != "ENV_INJECT_SOURCES"]  # its image's own
    assert [
        name for name in names if f"'{name.removeprefix('LABEL_STUDIO_')}'" not in source and name not in source
    ] == []


def test_the_databases_are_those_that_are_named(drawn: Path) -> None:
    given, label_studio = environment("database"), environment("label-studio")
    assert (label_studio["POSTGRE_USER"], label_studio["POSTGRE_NAME"]) == (
        given["POSTGRES_USER"],
        given["POSTGRES_DB"],
    )
    assert secret(drawn, "store").startswith(f"postgresql+psycopg://{given['POSTGRES_USER']}:")
    assert "CREATE DATABASE tiebreak;" in (ROOT / "docker/databases.sql").read_text(encoding="utf-8")


def test_only_this_machine_reaches_the_ports_and_nobody_the_backend_and_the_database() -> None:
    ports = {name: service.get("ports", []) for name, service in SERVICES.items()}
    assert ports == {
        "database": [],
        "label-studio": ["${BIND:-127.0.0.1}:8080:8080"],
        "tiebreak-ml": [],
        "tiebreak": ["${BIND:-127.0.0.1}:8085:8085"],
        "tiebreak-runner": [],
    }
    assert EXAMPLE["BIND"] == "127.0.0.1"


def test_every_service_is_watched_and_starts_after_what_it_needs() -> None:
    assert all("healthcheck" in service for service in SERVICES.values())
    needed = SERVICES["tiebreak-runner"]["depends_on"]
    assert {name: one["condition"] for name, one in needed.items()} == dict.fromkeys(
        ("database", "label-studio", "tiebreak-ml", "tiebreak"), "service_healthy"
    )
    assert SERVICES["tiebreak"]["depends_on"] == {"database": {"condition": "service_healthy"}}


def test_stopping_has_more_time_than_a_run_needs_to_end() -> None:
    assert {SERVICES[one]["stop_grace_period"] for one in OURS} == {"15s"}
    assert GRACE_SECONDS < 10


def test_what_is_kept_lies_in_declared_volumes_or_committed_files() -> None:
    sources = {text.split(":")[0] for service in SERVICES.values() for text in service.get("volumes", [])}
    assert {name for name in sources if not name.startswith(".")} == set(COMPOSE["volumes"])
    assert [name for name in sources if name.startswith(".") and not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("text", DOCKERFILES.values(), ids=DOCKERFILES.keys())
def test_the_images_run_as_nobody_special(text: str) -> None:
    *_, last = re.findall(r"^USER (\S+)", text, re.MULTILINE)
    assert last == "tiebreak"
    assert re.search(r"useradd --uid 10001 .* tiebreak\b", text)


def test_services_have_no_rights_that_they_do_not_need() -> None:
    assert not {"privileged", "user"} & {key for service in SERVICES.values() for key in service}
    assert all("no-new-privileges:true" in SERVICES[one]["security_opt"] for one in OURS)
    assert all(SERVICES[one]["cap_drop"] == ["ALL"] for one in OURS)


@pytest.mark.parametrize("text", DOCKERFILES.values(), ids=DOCKERFILES.keys())
def test_what_an_image_copies_exists_and_is_let_through(text: str) -> None:
    let_through = [
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")
    ]
    copied = [
        source for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE) for source in line.split()[:-1]
    ]
    assert copied
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert [name for name in copied if not any(fnmatch(name, f"{one}*") for one in let_through)] == []
