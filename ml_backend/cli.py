"""tiebreak-ml: the command line."""

import typer

app = typer.Typer(no_args_is_help=True, help="An ML backend for Label Studio.")


def main() -> None:
    """Run the command line."""
    app()
