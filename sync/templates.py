"""``tiebreak template``: ready-made labeling interfaces, shown or made into a project of Label Studio."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from label_config.parse import parse
from label_config.templates import NAMES, purpose, template
from label_config.templates.labels import adapted, named_control, read_labels

from . import terminal
from .errors import SettingsError
from .report_options import AsJson, settings_file
from .settings import DEFAULT_FILE, Settings, load

if TYPE_CHECKING:
    from .labelstudio.client import LabelStudio

TITLE_LENGTHS = range(3, 51)
"""How many characters Label Studio lets a title have."""

INSTRUCTION = (
    "<p>A suggestion is filled in where there is one. Is it right? <b>Ctrl+Enter</b> takes it. Else press the key of "
    "the right label first: a key takes a label, and pressed again takes it back. <b>Ctrl+Space</b> skips the "
    "task.</p>"
)

DATA: Mapping[str, str] = {
    "Text": "a text",
    "HyperText": "HTML",
    "Paragraphs": 'a list of {"author", "text"}',
    "Image": "the address of an image",
    "Table": "names and their values",
    "List": 'a list of {"id", "title", "body"}',
}
"""Tag of what is shown -> what the field of a task holds for it."""

Name = Annotated[str, typer.Argument(help="Name of the template; `tiebreak template list` has them.")]
Labels = Annotated[
    list[str] | None,
    typer.Option(help="A,B,C in place of its labels, or CONTROL=A,B,C where it has several; may be repeated."),
]
Question = Annotated[
    list[str] | None, typer.Option(help="What is asked, or CONTROL=what is asked; may be repeated. Default: its own.")
]

app = typer.Typer(no_args_is_help=True, help="Ready-made labeling interfaces, made for quick verification.")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Name the templates, what each is for, and what the data of a task holds."""
    if as_json:
        terminal.print_json(
            [{"name": name, "for": purpose(name), "data": dict(fields(template(name)))} for name in NAMES]
        )
        return
    table = Table("template", "for", "data of a task", box=None, pad_edge=False)
    for name in NAMES:
        table.add_row(name, purpose(name), escape(_in_words(template(name))))
    terminal.out.print(table)


@app.command()
def show(name: Name, labels: Labels = None, question: Question = None) -> None:
    """Print a template's labeling interface, to be kept in a file or pasted into Label Studio."""
    sys.stdout.write(interface(name, labels or (), question or ()))


@app.command()
def create(
    name: Name,
    project: Annotated[str, typer.Option(help="Title of the new project.")],
    labels: Labels = None,
    question: Question = None,
    config: Annotated[Path | None, settings_file("where Label Studio is, and its token")] = None,
) -> None:
    """Make a project of a template in Label Studio, with suggestions shown and the most useful task first."""
    from .labelstudio.client import LabelStudio

    xml, title = interface(name, labels or (), question or ()), checked(project)
    settings = load(config)
    token, timeout = settings.label_studio_token.get_secret_value(), settings.timeout_seconds
    with LabelStudio.connect(settings.label_studio_url, token, timeout=timeout) as gateway:
        made = create_project(gateway, title, xml, settings)
    terminal.say(f"Made project {made}, {title!r}: {page(settings, made)}\nNext:")
    for step in next_steps(xml, made, settings, config):
        terminal.say(f"  {step}")


def interface(name: str, labels: Sequence[str], questions: Sequence[str]) -> str:
    """The XML of a template with labels and questions of one's own.

    Raises SettingsError for an unknown name, and InterfaceError for labels that cannot be used.
    """
    try:
        xml = template(name)
    except KeyError as error:
        raise SettingsError(f"no template is named {name!r}; there are: {', '.join(NAMES)}") from error
    if not labels and not questions:
        return xml
    controls = [control.name for control in parse(xml).controls]
    return adapted(
        xml,
        dict(read_labels(given, xml) for given in labels),
        dict(named_control(given, controls) for given in questions),
    )


def fields(xml: str) -> Iterator[tuple[str, str]]:
    """The fields that the data of a task needs, each with what it holds."""
    return ((shown.field, DATA[shown.tag]) for shown in parse(xml).objects)


def _in_words(xml: str) -> str:
    return "; ".join(f"{field}: {holds}" for field, holds in fields(xml))


def checked(title: str) -> str:
    """The title without blanks around it; raises SettingsError where Label Studio would refuse it."""
    title = title.strip()
    if len(title) not in TITLE_LENGTHS:
        raise SettingsError(
            f"--project {title!r:.80}: Label Studio wants a title of {TITLE_LENGTHS[0]} to {TITLE_LENGTHS[-1]} "
            f"characters; this one has {len(title)}"
        )
    return title


def create_project(gateway: "LabelStudio", title: str, xml: str, settings: Settings) -> int:
    """Make the project; its id. Raises SettingsError where one has this title already, and LabelStudioError."""
    for known in gateway.projects():
        if known.title.strip().casefold() == title.casefold():
            raise SettingsError(
                f"--project {title!r}: project {known.id} is called that already ({page(settings, known.id)}): "
                "choose another title"
            )
    return gateway.create_project(
        title,
        xml,
        sampling="Uncertainty sampling",
        show_collab_predictions=True,
        maximum_annotations=1,
        expert_instruction=INSTRUCTION,
        show_instruction=False,
    ).id


def page(settings: Settings, project: int) -> str:
    """The address of a project as people's browsers reach it."""
    return f"{settings.label_studio_url_for_people or settings.label_studio_url}/projects/{project}/data"


def next_steps(xml: str, project: int, settings: Settings, config: Path | None) -> Iterator[str]:
    """What makes a new project part of the loop."""
    file, named = (DEFAULT_FILE, "") if config is None else (config, f" --config {config}")
    looked_after = ", ".join(map(str, dict.fromkeys((*settings.projects, project))))
    yield f"import tasks on that page; the data of each holds {_in_words(xml)}"
    yield f"let Tiebreak look after it, in {file}: projects = [{looked_after}]"
    yield f"tiebreak doctor --fix{named}    connects the model and the webhook"
    yield f"tiebreak run{named}             brings suggestions and the order, as soon as there is something to learn"
