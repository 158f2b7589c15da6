"""What the commands that report on an export file or the store have in common: options, and output for programs."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeVar

import typer

from . import terminal
from .errors import NotPulled, SettingsError

ExportFile = Annotated[Path | None, typer.Argument(help="A JSON export of Label Studio; or --project.")]
Interface = Annotated[Path | None, typer.Option(help="The labeling interface of the export: its XML in a file.")]
StoredProject = Annotated[int | None, typer.Option(help="Label Studio id of a project in the store, not a file.")]
Controls = Annotated[list[str] | None, typer.Option(help="Only this control; may be repeated. Default: all of them.")]
ModelAnswers = Annotated[
    Path | None, typer.Option(help="JSONL of a model's answers: task, control, version, answer, probabilities.")
]
GroundTruth = Annotated[
    bool, typer.Option("--include-ground-truth", help="Count ground truth as answers of who gave it.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print one CSV table and nothing else.")]


def settings_file(holds: str) -> Any:
    """The option that names the settings file, with what the command takes from it."""
    return typer.Option("--config", "-c", help=f"Settings file: {holds}.")


def one_format(*, as_json: bool, as_csv: bool) -> None:
    """Raises SettingsError where two documents are asked for."""
    if as_json and as_csv:
        raise SettingsError("--json and --csv both print: name one of them")


class Noted(Protocol):
    """A report with what its reader must know beside it."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences."""


R = TypeVar("R", bound=Noted)


def print_for_programs(report: R, write: Callable[[R], None]) -> None:
    """The document that ``write`` prints alone on standard output, what must be known beside it on standard error."""
    for note in report.notes:
        terminal.note(note)
    write(report)


T = TypeVar("T")


def of_each(projects: Iterable[int], one: Callable[[int], T]) -> dict[int, T]:
    """Project -> what ``one`` finds of it. It is said of which the store knows nothing; those are left out."""
    found = {}
    for project in projects:
        try:
            found[project] = one(project)
        except NotPulled as error:
            terminal.complain(str(error))
    return found
