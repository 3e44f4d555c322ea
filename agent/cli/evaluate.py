"""plumbline eval: measure the installation."""

import typer

evaluate = typer.Typer(
    help="Measure answers, routing and retrieval.", no_args_is_help=True, rich_markup_mode=None
)


@evaluate.callback()
def group() -> None:
    """Measure answers, routing and retrieval."""
