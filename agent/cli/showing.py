"""How an answer looks in a terminal."""

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from agent.answer import Answer, PassageQuote

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
    for note in answer.notes:
        screen.print(Text(f"  note: {note}", style="yellow"))
    facts = f"{answer.status} · {answer.mode} · {answer.timings_ms.total:.0f} ms · thread {answer.thread_id}"
    screen.print(Text(f"  {facts}", style="dim italic"))
