"""What the docs say: links lead somewhere, commands exist, nothing that can be typed or asked is left out."""

import ast
import re
import shlex
import tomllib
from pathlib import Path

import pytest
from flask import Flask

from ml_backend.app import create_app as create_ml_app
from ml_backend.runner import serving, trainer
from ml_backend.settings import Settings as MLSettings
from sync.settings import Settings, read
from sync.store.engine import Store
from sync.web.app import create_app

from ..conftest import ROOT
from .pages import Block, blocks, commands, page, pages, prose
from .tables import APPS, TABLES, named, rewritten, shown
from .tables import commands as commands_of

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
DOCS = "\n".join(place.read_text(encoding="utf-8") for place in sorted((ROOT / "docs").glob("*.md")))
SHOWN = [(block, command) for place in pages() for block in blocks(place) for command in commands(block)]


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("place", pages(), ids=lambda place: place.name)
def test_links_lead_somewhere(place: Path) -> None:
    wrong = []
    for target in LINK.findall(prose(str(place.relative_to(ROOT)))):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        file = place.parent / path if path else place
        if not file.is_file() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            wrong.append(target)
    assert wrong == []


def test_every_page_of_docs_is_linked_from_the_readme() -> None:
    linked = {target.partition("#")[0] for target in LINK.findall(page("README.md"))}
    assert {f"docs/{place.name}" for place in (ROOT / "docs").glob("*.md")} <= linked


@pytest.mark.parametrize("place", sorted((ROOT / "docs").glob("*.md")), ids=lambda place: place.name)
def test_tables_say_what_the_code_says(place: Path) -> None:
    text = place.read_text(encoding="utf-8")
    assert text == rewritten(text), "write the tables anew: .venv/bin/python -m tests.docs.tables"


def test_every_command_option_and_setting_is_in_a_table() -> None:
    assert sorted(shown(DOCS)) == sorted(TABLES)


@pytest.mark.parametrize("program", APPS)
def test_every_command_has_a_section(program: str) -> None:
    headings = re.findall(rf"^## {program} ([\w ]+)$", page("docs/cli.md"), re.MULTILINE)
    assert headings == list(commands_of(program))


def parsed(command: str) -> None:
    """Have the program read its command line, without doing anything; raises where it would refuse."""
    words = [word for word in shlex.split(command) if not re.fullmatch(r"[A-Z_]+=.*", word)]
    program = Path(words[0]).name
    name, arguments = named(program, words[1:])
    commands_of(program)[name].make_context(name, arguments)


@pytest.mark.parametrize(("block", "command"), SHOWN, ids=lambda one: str(one)[:60])
def test_every_command_that_is_shown_exists(block: Block, command: str) -> None:
    words = [word for word in shlex.split(command) if not re.fullmatch(r"[A-Z_]+=.*", word)]
    program = Path(words[0]).name
    if program in APPS:
        parsed(command)
    elif program == "make":
        targets = re.findall(r"^([\w-]+):", page("Makefile"), re.MULTILINE)
        assert words[1] in targets
    elif program == "pytest":
        file, _, function = words[1].partition("::")
        assert not function or function in functions_of(ROOT / file)
        assert (ROOT / file).is_file()
    else:
        assert command == ". .venv/bin/activate"


@pytest.mark.parametrize("text", re.findall(r"`(tiebreak(?:-ml)? [a-z][^`]*)`", DOCS + page("README.md")))
def test_every_command_in_a_sentence_exists(text: str) -> None:
    program, *words = text.split()
    name, rest = named(program, words)
    known = {option for one in commands_of(program)[name].params for option in one.opts}
    assert [word for word in rest if word.startswith("-") and word not in known] == []


@pytest.mark.parametrize("block", [one for place in pages() for one in blocks(place)], ids=str)
def test_settings_that_are_shown_are_accepted(block: Block) -> None:
    if block.language == "toml":
        assert set(tomllib.loads(block.text)) <= set(Settings.model_fields)
        read(block.text, Path("tiebreak.toml"))


def test_every_variable_exists() -> None:
    others = re.findall(r"^\| `(\w+)` \|", page("docs/settings.md").partition("## Other variables")[2], re.MULTILINE)
    named = set(re.findall(r"\bTIEBREAK_\w+[A-Z]\b", "".join(place.read_text(encoding="utf-8") for place in pages())))
    known = {f"TIEBREAK_{name.upper()}" for name in Settings.model_fields}
    known |= {f"TIEBREAK_ML_{name.upper()}" for name in MLSettings.model_fields}
    known |= {f"{name}_FILE" for name in known}
    assert named - known - set(others) == set()


def apps(store: Store, folder: Path) -> list[Flask]:
    """Both services, not listening."""
    outside = serving(MLSettings(data=folder))
    return [create_app(Settings(), store, lambda _: None), create_ml_app(outside, trainer(outside))]


OF_EVERY_PAGE = re.compile(r"dashboard\.\w+_(table|chart|do_\w+)")
"""What each page of the dashboard has beside its own address: described once for all of them."""


def test_every_route_is_documented(store: Store, tmp_path: Path) -> None:
    documented = set(re.findall(r"`(?:GET |POST )?(/[^`\s?]*)", DOCS))
    missing = []
    for app in apps(store, tmp_path):
        for rule in app.url_map.iter_rules():
            if rule.endpoint != "static" and not OF_EVERY_PAGE.search(rule.endpoint):
                path = re.sub(r"<[^>]+>", "<>", str(rule))
                if path not in {re.sub(r"<[^>]+>|\{[^}]+\}", "<>", known) for known in documented}:
                    missing.append(path)
    assert missing == []


def metrics(app: Flask) -> set[str]:
    """The names of what an application measures, as Prometheus reads them."""
    text = app.test_client().get("/metrics").get_data(as_text=True)
    return {name for name in re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE) if not name.endswith("_created")}


def test_every_metric_is_documented_and_the_other_way_round(store: Store, tmp_path: Path) -> None:
    there = {name for app in apps(store, tmp_path) for name in metrics(app)}
    assert there
    documented = set(re.findall(r"`(tiebreak_\w+)`", DOCS))
    assert there == documented


def functions_of(file: Path) -> set[str]:
    """The names of the functions in a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(
    "name", sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)?)`", DOCS + page("CONTRIBUTING.md"))))
)
def test_every_test_that_is_named_exists(name: str) -> None:
    file, _, function = name.partition("::")
    assert (ROOT / file).is_file()
    assert not function or function in functions_of(ROOT / file)


@pytest.mark.parametrize("place", pages(), ids=lambda place: place.name)
def test_every_file_that_is_named_exists(place: Path) -> None:
    text = prose(str(place.relative_to(ROOT)))
    named = re.findall(
        r"`((?:label_config|sync|ml_backend|tests|docs|scripts|docker|requirements|benchmarks)/[\w./-]*)`", text
    )
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_changelog_keeps_its_form() -> None:
    text = page("CHANGELOG.md")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE)[0] == "[Unreleased]"
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) <= kinds
