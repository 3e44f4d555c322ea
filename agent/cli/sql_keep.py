"""plumbline sql keep: a question and its SQL that a person has confirmed, as an example for the model."""

from typing import Annotated

import typer

from agent.cli.options import ConfigOption, JsonOption, console, emit, settings_for
from agent.kept_examples import keep_example


def keep(
    question: Annotated[str, typer.Argument(help="A question, as people ask it.")],
    statement: Annotated[str, typer.Argument(help="The SQL that answers it.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Keep a question with the SQL that answers it, to be shown to the model when a question is like it.

    The statement is checked by the guard and run first; what is refused or fails is not kept (exit code 1).
    Keep only what a person has seen to be right.
    """
    kept = keep_example(settings_for(config), question, statement)
    if json:
        emit(
            {"kept": kept.new, "statement": kept.statement, "columns": list(kept.columns), "rows": kept.rows}
        )
    else:
        said = "Kept" if kept.new else "Known already"
        console().print(f"{said}; the statement gives {kept.rows} row(s).", markup=False)
    return 0
