"""tiebreak: the command line. Each command opens what it needs, calls one function, and says what came of it."""

import io
import sys

import typer

from label_config.errors import LabelConfigError

from . import guidelines, printed, templates, terminal
from .agreement.command import agreement
from .annotator_report.command import annotators
from .audit_log import command as audit_log
from .audit_log.forget_command import forget
from .commands.corrections import corrections
from .commands.looking import history, status
from .commands.loop import assess, pull, push, refresh, resolve, run
from .commands.services import runner, serve
from .commands.setting_up import demo, doctor, init, moved
from .consensus.command import consensus
from .drift_report.command import drift
from .errors import TiebreakError
from .logins import command as users
from .people import command as people
from .progress_report.command import progress
from .queue_report.command import queue
from .versions import command as versions
from .weekly_report.command import report

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The quality loop for open-source Label Studio: agreement, consensus, prioritized re-review. "
    "Begin with `tiebreak init`, then `tiebreak doctor`, then `tiebreak run`.",
)
INTERRUPTED = 130  # the shell's code for Ctrl-C

COMMANDS = (
    *(init, doctor, pull, assess, push, resolve, corrections, refresh, run, status, serve, runner, history),
    *(agreement, consensus, queue, annotators, progress, report, drift, forget, moved, demo),
)
"""In the order in which help shows them."""

for command in COMMANDS:
    app.command()(command)
app.add_typer(audit_log.app, name="audit")
app.add_typer(guidelines.app, name="guidelines")
app.add_typer(people.app, name="people")
app.add_typer(templates.app, name="template")
app.add_typer(users.app, name="users")
app.add_typer(versions.app, name="version")


def main() -> None:
    """Run the command line; what goes wrong is said in plain words, with exit code 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # half an emoji, or any on a terminal that has none, stops nothing
            stream.reconfigure(errors="backslashreplace")
    try:
        with printed.all_of_it():
            app()
    except (TiebreakError, LabelConfigError) as error:
        terminal.complain(str(error))
        sys.exit(1)
    except OSError as error:  # a full disk, a folder that cannot be written
        if (said := printed.why_not(error)) is not None:
            terminal.complain(said)
        sys.exit(1)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            terminal.complain("stopped; the next run finishes what this one began")
        raise
