"""tiebreak-ml: the command line. Each command opens what it needs, calls one function, and says what came of it."""

import sys
from pathlib import Path
from typing import Annotated

import click
import typer
from rich.console import Console

from .errors import BackendError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="An ML backend for Label Studio: learns, suggests, and says what to label next.",
)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

Data = Annotated[Path | None, typer.Option("--data", help="Folder of the models (default: TIEBREAK_ML_DATA).")]


def main() -> None:
    """Run the command line; what goes wrong is said in plain words, with exit code 1."""
    try:
        code = app(standalone_mode=False)
    except BackendError as error:
        err.print(f"tiebreak-ml: {error}", style="red", markup=False, soft_wrap=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        err.print("tiebreak-ml: stopped; what was published stays as it is")
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 9090,
    data: Data = None,
) -> None:
    """Answer Label Studio and tiebreak, and learn in the background, until stopped."""
    from .runner import serve as serve_forever
    from .settings import load

    settings = load({"data": data})
    if not settings.secret.get_secret_value():
        err.print("tiebreak-ml: no TIEBREAK_ML_SECRET is set, so tiebreak cannot train or score here", style="yellow")
    err.print(f"tiebreak-ml: http://{host}:{port}  (models in {settings.data})", markup=False, soft_wrap=True)
    serve_forever(settings, host, port)
