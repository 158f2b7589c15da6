"""The tables of docs/ that are written from the code: ``python -m tests.docs.tables`` writes them anew.

A table stands after a comment that says what it shows: ``<!-- table: tiebreak run -->``.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from pydantic import SecretStr

from label_config.model import Control, LabelConfig
from label_config.parse import parse
from label_config.templates import NAMES, purpose, template
from ml_backend import settings as ml_settings
from ml_backend.cli import app as ml_app
from ml_backend.errors import NotLearnable
from ml_backend.features import view_of
from ml_backend.learners import learner_of
from sync import settings as sync_settings
from sync.cli import app as sync_app
from sync.settings_words import toml
from sync.templates import fields

from ..conftest import ROOT

MARK = re.compile(r"(<!-- table: ([^>]+) -->\n)(?:\n(?:\|.*\n)+)?")
APPS: Mapping[str, typer.Typer] = {"tiebreak": sync_app, "tiebreak-ml": ml_app}


def commands(program: str) -> dict[str, Any]:
    """The commands of a program by name; those of a group have two words, as in "template show"."""
    found: Any = typer.main.get_command(APPS[program])
    return dict(_leaves(found.commands))


def _leaves(found: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, one in found.items():
        if hasattr(one, "commands"):
            yield from ((f"{name} {inner}", command) for inner, command in one.commands.items())
        else:
            yield name, one


def named(program: str, words: Sequence[str]) -> tuple[str, list[str]]:
    """The command that the words after a program's name begin with, and its arguments; raises KeyError for none."""
    known = commands(program)
    name = next((name for name in (" ".join(words[:2]), words[0]) if name in known), None)
    if name is None:
        raise KeyError(f"{program} has no command {' '.join(words[:2])!r}")
    return name, list(words[len(name.split()) :])


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def options(program: str, name: str) -> str:
    """The arguments and options of one command."""
    rows = []
    for one in commands(program)[name].params:
        names = one.name.upper() if one.param_type_name == "argument" else ", ".join(f"{o}" for o in one.opts)
        shown = "" if one.default in (None, "", False) or callable(one.default) else f"`{one.default}`"
        rows.append((f"`{names}`", str(getattr(one, "help", "") or ""), shown or ("needed" if one.required else "")))
    return _table(("option", "meaning", "default"), rows)


def settings(module: Any) -> str:
    """Every setting of a service."""
    rows = []
    for name, field in module.Settings.model_fields.items():
        default = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
        shown = "" if default in ("", ()) else f"`{toml(default) if isinstance(default, dict) else default}`"
        rows.append((f"`{name}`", field.description or "", module.accepted(field), shown))
    return _table(("setting", "meaning", "accepted", "default"), rows)


def templates() -> str:
    """Every ready-made labeling interface."""
    rows = []
    for name in NAMES:
        xml = template(name)
        config = parse(xml)
        asked = [
            f"`<{one.tag}>`{' of several' if one.multiple and one.tag == 'Choices' else ''}" for one in config.controls
        ]
        data = "; ".join(f"`{field}`: {holds}" for field, holds in fields(xml))
        learned = [_learns(config, one) for one in config.controls]
        model = "learns it" if all(learned) else "learns part of it" if any(learned) else ""
        rows.append((f"`{name}`", purpose(name), ", ".join(asked), data, model))
    return _table(("template", "for", "asks by", "data of a task", "our model"), rows)


def _learns(config: LabelConfig, control: Control) -> bool:
    try:
        learner_of(control)
        view_of(config, control)
    except NotLearnable:
        return False
    return True


def _tables() -> dict[str, Callable[[], str]]:
    found: dict[str, Callable[[], str]] = {
        "settings of tiebreak": lambda: settings(sync_settings),
        "settings of tiebreak-ml": lambda: settings(ml_settings),
        "templates": templates,
    }
    for program in APPS:
        for name in commands(program):
            found[f"{program} {name}"] = lambda program=program, name=name: options(program, name)  # type: ignore[misc]
    return found


TABLES: Mapping[str, Callable[[], str]] = _tables()
"""What a table shows -> its text."""


def rewritten(text: str) -> str:
    """A page with its tables as they must be; raises KeyError for a table that is none of ours."""
    return MARK.sub(lambda found: f"{found[1]}\n{TABLES[found[2]]()}", text)


def shown(text: str) -> list[str]:
    """The names of the tables of a page."""
    return [found[2] for found in MARK.finditer(text)]


def write(folder: Path) -> None:
    """Write the tables of every page anew."""
    for place in sorted(folder.glob("*.md")):
        place.write_text(rewritten(place.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write(ROOT / "docs")
