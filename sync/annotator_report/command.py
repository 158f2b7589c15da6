"""``tiebreak annotators``: what the command line asks, and what is done about it."""

from pathlib import Path
from typing import Annotated

from ..evidence.source import Named, opened
from ..report_options import (
    AsJson,
    Controls,
    ExportFile,
    Interface,
    StoredProject,
    print_for_programs,
    settings_file,
)
from ..settings import load


def annotators(
    export: ExportFile = None,
    label_config: Interface = None,
    project: StoredProject = None,
    config: Annotated[Path | None, settings_file("where the store is, pools of annotators")] = None,
    control: Controls = None,
    as_json: AsJson = False,
) -> None:
    """Whom to trust on what, who works how fast, and whose work changed; nobody is ever blocked."""
    named = Named(export, label_config, project)
    named.refuse("say of anybody")
    settings = load(config)
    from .as_json import print_json
    from .on_terminal import show
    from .report import report_on

    with opened(named, settings, visible=not as_json) as source:
        report = report_on(source, tuple(control or ()), settings)
    if as_json:
        print_for_programs(report, print_json)
    else:
        show(report)
