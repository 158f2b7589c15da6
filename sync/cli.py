"""tiebreak: the command line."""

import typer

app = typer.Typer(no_args_is_help=True, help="The quality loop for open-source Label Studio.")


def main() -> None:
    """Run the command line."""
    app()
