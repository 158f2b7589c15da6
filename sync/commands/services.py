"""``tiebreak serve`` and ``runner``: up until they are stopped."""

from typing import Annotated, Literal

import typer

from .. import terminal
from ..settings import load
from .each import Config

LogFormat = Literal["text", "json"]


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8085,
    log_format: Annotated[
        LogFormat | None, typer.Option(help="What is logged: lines, or a JSON object a line (default: the setting).")
    ] = None,
    no_scheduler: Annotated[
        bool, typer.Option("--no-scheduler", help="Run no project here: `tiebreak runner` does, in other processes.")
    ] = False,
    config: Config = None,
) -> None:
    """Dashboard, webhook receiver and scheduler, until stopped."""
    from ..runner import serve as serve_forever

    serve_forever(load(config), host, port, terminal.note, log_format=log_format, runs=not no_scheduler)


def runner(
    log_format: Annotated[
        LogFormat | None, typer.Option(help="What is logged: lines, or a JSON object a line (default: the setting).")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only say, by the exit code, whether a runner of this machine is alive.")
    ] = False,
    config: Config = None,
) -> None:
    """Run the loop for each project at its times and after webhooks, until stopped. Several share the work."""
    from ..runner import look_after, look_for_runner

    if check:
        look_for_runner(load(config))
    else:
        look_after(load(config), terminal.note, log_format=log_format)
