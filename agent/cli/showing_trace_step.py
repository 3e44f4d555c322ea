"""How one step of a recording, and the difference of two, look in a terminal."""

import json
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from agent.cli.harmless import harmless, on_one_line
from agent.cli.showing_trace import facts_of
from agent.recording.recording import Json
from agent.tracing.changes import Line
from agent.tracing.diffing import Comparison, StepsCompared
from agent.tracing.views import CallGiven, ChannelChange, StepGiven
from agent.tracing.views_found import ClaimGiven, PartRetrieval, SearchGiven, SqlGiven

MOST_ROWS = 20
"""Rows of a result that are shown."""
LONGEST = 4_000
"""Characters of a value that are shown; JSON for programs has all of it."""
EXCERPT = 80
_SIGNS = {"same": ("  ", "dim"), "added": ("+ ", "green"), "removed": ("- ", "red")}
_VERDICTS = {"holds": "green", "rejected": "red", "cut": "yellow"}


def show_step(screen: Console, given: StepGiven) -> None:
    """Print everything of a step: what it was given, what changed, what it asked, found and said."""
    step = StepGiven.model_validate(harmless(given.model_dump()))
    _show_head(screen, step)
    for change in step.changes:
        _show_change(screen, change)
    for call in step.calls:
        _show_call(screen, call)
    for sql in step.sql:
        _show_sql(screen, sql)
    for search in step.searches or ():
        _show_search(screen, search)
    for part in step.retrieval.parts if step.retrieval is not None else ():
        _show_passages(screen, part)
    for claim in step.claims or ():
        _show_claim(screen, claim)


def show_comparison(screen: Console, given: Comparison) -> None:
    """Print what differs between two runs: time and cost, steps, evidence, answer."""
    both = Comparison.model_validate(harmless(given.model_dump()))
    for name, summary in (("a", both.a), ("b", both.b)):
        screen.print(Text(f"{name} {summary.run_id}: {on_one_line(summary.question)}", style="bold"))
        screen.print(Text("  " + " · ".join(facts_of(summary)), style="dim"))
    if both.first_difference is None:
        screen.print(Text("all steps are equal", style="green"))
    for step in both.steps:
        screen.print(_compared(step))
        for change in step.changes:
            _show_change(screen, change)
    evidence = both.evidence
    show_lines(screen, "evidence", [
        *(Line(kind="removed", text=name) for name in evidence.removed),
        *(Line(kind="added", text=name) for name in evidence.added),
        *(Line(kind="same", text=f"{one.passage}: place {one.a} → {one.b}") for one in evidence.moved),
        *(line for rows in evidence.rows for line in rows.lines),
    ])  # fmt: skip
    show_lines(screen, "answer", both.answer.lines)


def show_lines(screen: Console, name: str, lines: Sequence[Line]) -> None:
    """Print a difference line by line, coloured; nothing when there is none."""
    if lines:
        screen.print(Text(f"  {name}", style="bold cyan"))
    for line in lines:
        sign, style = _SIGNS[line.kind]
        screen.print(Padding(Text(sign + line.text, style=style), (0, 0, 0, 4)))


def _show_head(screen: Console, step: StepGiven) -> None:
    took = f"{step.ended_ms - step.started_ms:,.1f} ms from {step.started_ms:,.1f}"
    critical = ", on the critical path" if step.critical else ""
    screen.print(Text(f"step {step.number}, {step.node}: {on_one_line(step.title)}", style="bold"))
    screen.print(Text(f"superstep {step.superstep}, attempt {step.attempt}, {took}{critical}", style="dim"))
    if step.failure is not None:
        screen.print(Text(f"{step.failure.type}: {step.failure.message}", style="bold red"))
    for name, value in (("given", step.payload), ("asked back", step.paused)):
        if value is not None:
            _show_value(screen, name, value)


def _compared(step: StepsCompared) -> Text:
    places = f"{_or_none(step.a)} | {_or_none(step.b)}"
    times = " | ".join("–" if ms is None else f"{ms:,.1f} ms" for ms in (step.a_ms, step.b_ms))
    sign, style = ("=", "dim") if step.equal else ("≠", "yellow")
    return Text(f"{sign} {places}  {step.node}  {times}", style=style)


def _or_none(number: int | None) -> str:
    return "–" if number is None else str(number)


def _show_change(screen: Console, change: ChannelChange) -> None:
    show_lines(screen, change.channel, change.lines)


def _show_value(screen: Console, name: str, value: Json) -> None:
    """Print a value under its name, text as text and the rest as JSON."""
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
    shown = written if len(written) <= LONGEST else f"{written[:LONGEST]}\n… {len(written) - LONGEST:,} more"
    screen.print(Text(f"  {name}", style="bold cyan"))
    screen.print(Padding(Text(shown), (0, 0, 0, 4)))


def _show_call(screen: Console, call: CallGiven) -> None:
    facts = [f"call {call.number}", f"{call.port}.{call.method}", on_one_line(call.title)]
    facts.append(f"{call.ended_ms - call.started_ms:,.1f} ms")
    if call.model is not None:
        tokens = f"{call.input_tokens:,} → {call.output_tokens:,} tokens"
        facts += [call.model, tokens, f"${call.cost_usd:.4f}"]
    if call.source == "recorded":
        facts.append("answered by the recording")
    screen.print(Text("  " + " · ".join(facts), style="cyan"))
    if call.failure is not None:
        screen.print(Text(f"    {call.failure.type}: {call.failure.message}", style="red"))
    if call.prompt is not None:
        for message in call.prompt.messages:
            _show_value(screen, f"  prompt {call.prompt.name}, {message.role}", message.text)
    if call.completion is not None:
        _show_value(screen, "  completion", call.completion)


def _show_sql(screen: Console, sql: SqlGiven) -> None:
    colour = "green" if sql.decision == "allowed" else "red"
    reason = f": {on_one_line(sql.reason)}" if sql.reason else ""
    named = f" (named query {sql.named})" if sql.named else ""
    screen.print(Text(f"  SQL of call {sql.call}{named}, {sql.decision}{reason}", style=f"bold {colour}"))
    screen.print(Padding(Text(sql.normalized or sql.statement), (0, 0, 0, 4)))
    for name, value in sql.parameters.items():
        screen.print(Text(f"    :{name} = {value}", style="dim"))
    for line in sql.plan:
        screen.print(Text(f"    plan: {line}", style="dim"))
    if sql.columns:
        table = Table()
        for column in sql.columns:
            table.add_column(Text(on_one_line(column)), overflow="fold")
        for row in sql.rows[:MOST_ROWS]:
            table.add_row(*(Text("NULL" if cell is None else on_one_line(str(cell))) for cell in row))
        screen.print(Padding(table, (0, 0, 0, 4)))
        if len(sql.rows) > MOST_ROWS or sql.truncated:
            screen.print(
                Text(f"    {len(sql.rows)} rows{', and more' if sql.truncated else ''}", style="dim")
            )


def _show_search(screen: Console, search: SearchGiven) -> None:
    short = f", {on_one_line(search.shortfall)}" if search.shortfall else ""
    title = f"  searched {search.knowledge_base} for “{on_one_line(search.query, EXCERPT)}”{short}"
    screen.print(Text(title, style="bold cyan"))
    table = _table("", "passage", "score", "dense", "bm25")
    for hit in search.hits:
        place = f"{hit.source} · {on_one_line(hit.section or hit.title)}"
        table.add_row(str(hit.rank), Text(place), *map(_score, (hit.score, hit.dense, hit.bm25)))
    screen.print(Padding(table, (0, 0, 0, 4)))


def _show_passages(screen: Console, part: PartRetrieval) -> None:
    screen.print(Text(f"  passages for “{on_one_line(part.question, EXCERPT)}”", style="bold cyan"))
    table = _table("", "passage", "fused", "cross", "score", "why")
    for passage in part.passages:
        place = f"{passage.source} · {on_one_line(passage.section or passage.title)}"
        style = "" if passage.kept else "dim"
        table.add_row(
            _or_none(passage.rank),
            Text(place, style=style),
            *map(_score, (passage.fusion, passage.cross_encoder, passage.score)),
            Text(on_one_line(passage.why), style=style),
        )
    screen.print(Padding(table, (0, 0, 0, 4)))


def _show_claim(screen: Console, claim: ClaimGiven) -> None:
    verdict = claim.verdict or "not checked"
    reason = f": {on_one_line(claim.reason)}" if claim.reason else ""
    line = Text(f"  {verdict}{reason} ", style=_VERDICTS.get(verdict, "dim"))
    line.append(on_one_line(claim.text), style="default")
    screen.print(line)
    for evidence in _evidence(claim):
        screen.print(Padding(Text(evidence, style="dim"), (0, 0, 0, 4)))


def _evidence(claim: ClaimGiven) -> Iterator[str]:
    for one in claim.evidence:
        told = f"“{on_one_line(one.quote, 2 * EXCERPT)}”" if one.quote else on_one_line(one.statement or "")
        yield f"[{one.citation}] {one.source + ': ' if one.source else ''}{told}"


def _table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in names:
        number = name in ("", "score", "dense", "bm25", "fused", "cross")
        table.add_column(name, justify="right" if number else "left", no_wrap=number)
    return table


def _score(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
