"""``tiebreak report``: what the command line asks, and what is done about it."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from .. import terminal
from ..errors import ExportError, NotPulled, SettingsError
from ..report_options import settings_file
from ..settings import Settings, load


def report(
    project: Annotated[int, typer.Argument(help="Label Studio id of the project.")],
    html: Annotated[Path | None, typer.Option(help="Write it as one HTML file; what is there is replaced.")] = None,
    pdf: Annotated[Path | None, typer.Option(help="Write it as PDF, by the Chromium of this machine.")] = None,
    config: Annotated[Path | None, settings_file("where the store is")] = None,
) -> None:
    """The weekly report of a project, to mail or print: one file that loads nothing and names no annotator."""
    from .pdf import browser, pdf_of

    if html is None and pdf is None:
        raise SettingsError("say where to write the report: --html FILE, --pdf FILE, or both")
    if pdf is not None:
        browser()
    text = _document(load(config), project)
    if html is not None:
        _write(html, text.encode())
    if pdf is not None:
        _write(pdf, pdf_of(text))


def _document(settings: Settings, number: int) -> str:
    from ..dashboard.keeping import Kept
    from ..dashboard.page import Asked
    from ..dashboard.queries import source_project
    from ..logins.roles import Person
    from ..opening import clock
    from ..store.engine import open_existing
    from .document import html_of

    store = open_existing(settings.store)
    try:
        with store.read() as connection:
            found = source_project(connection, number)
            if found is None:
                raise NotPulled(f"project {number} is not in the store yet: run `tiebreak run {number}` first")
            return html_of(Asked(connection, settings, Person("", "viewer"), clock(), {}, Kept(), found))
    finally:
        store.close()


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all."""
    try:
        with tempfile.TemporaryDirectory(dir=file.absolute().parent, prefix=".tiebreak-") as folder:
            draft = Path(folder) / "report"
            draft.write_bytes(content)
            draft.replace(file)
    except OSError as error:
        raise ExportError(f"{file}: cannot be written: {error.strerror}") from error
    terminal.say(f"Wrote {file}: {len(content):,} bytes")
