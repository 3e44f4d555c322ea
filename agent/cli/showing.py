"""How an answer looks in a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.padding import Padding
from rich.text import Text

from agent.answer import Answer, PassageQuote, RowsQuote
from agent.cli.charts import bars
from agent.steps import STEPS

if TYPE_CHECKING:
    from agent.events import Event

LONGEST_QUOTE = 160


def show_answer(screen: Console, answer: Answer) -> None:
    """Print the answer, its sources, and how it was reached."""
    from rich.markdown import Markdown  # its parser takes longer to import than an answer takes to be found

    screen.print(Padding(Markdown(answer.answer), (0, 0, 0, 2)))
    if answer.choices:
        screen.print(Text("  " + " · ".join(answer.choices), style="cyan"))
    for citation in answer.citations:
        if isinstance(citation, PassageQuote):
            place = f"{citation.knowledge_base}/{citation.source}"
            quote = " ".join(citation.quote.split())
            quote = quote if len(quote) <= LONGEST_QUOTE else quote[:LONGEST_QUOTE] + "…"
            screen.print(Text(f"  [{citation.id}] {place}: “{quote}”", style="dim"))
        else:
            statement = " ".join(citation.statement.split())
            screen.print(
                Text(
                    f"  [{citation.id}] {len(citation.rows)} row(s): {statement[:LONGEST_QUOTE]}", style="dim"
                )
            )
            _draw(screen, citation)
    for note in answer.notes:
        screen.print(Text(f"  note: {note}", style="yellow"))
    facts = f"{answer.status} · {answer.mode} · {answer.timings_ms.total:.0f} ms · thread {answer.thread_id}"
    screen.print(Text(f"  {facts}", style="dim italic"))


def _draw(screen: Console, rows: RowsQuote) -> None:
    if rows.chart is not None:
        places = [rows.columns.index(name) for name in (rows.chart.label, rows.chart.value)]
        screen.print(Padding(bars(rows.rows, label=places[0], value=places[1]), (0, 0, 0, 6)))


@contextmanager
def shown_live(screen: Console) -> Iterator[Callable[["Event"], None]]:
    """Show the draft while it is written, dimmed, and take it off the screen before the answer comes."""
    from agent.events import NodeStarted, Token

    draft, doing = "", "planning"
    with Live(console=screen, transient=True, refresh_per_second=12) as live:

        def show(event: "Event") -> None:
            nonlocal draft, doing
            if isinstance(event, Token):
                draft = event.text if event.restart else draft + event.text
            elif isinstance(event, NodeStarted):
                doing = STEPS.get(event.node, doing)
            lines = [Text(f"  {draft}", style="dim")] if draft else []
            live.update(Group(*lines, Text(f"  {doing} …", style="dim italic")))

        yield show
