"""How recordings look in a terminal: their list, and one of them with its steps, calls and times."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from agent.answer import Answer
from agent.cli.harmless import harmless, on_one_line
from agent.cli.showing import show_answer
from agent.cli.trace_runs import SHORT
from agent.tracing.views import CallEntry, StepEntry, TraceGiven, TraceSummary

BAR = 24
"""Characters that the whole duration of a run takes."""
MOST_CALLS = 12
"""Calls of one step that are shown with the others; all are shown with the step."""
_STYLES = {"error": "bold red", "warning": "yellow", "note": "cyan"}


def show_list(screen: Console, traces: Sequence[TraceSummary]) -> None:
    """Print one line a run, the latest first."""
    if not traces:
        screen.print("There are no such recordings.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name, width in (("run", SHORT), ("when", 16), ("status", 8), ("route", 8)):
        table.add_column(name, no_wrap=True, min_width=width)
    table.add_column("ms", justify="right", no_wrap=True, min_width=5)
    table.add_column("question", ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column("", no_wrap=True)
    for given in traces:
        trace = TraceSummary.model_validate(harmless(given.model_dump()))
        table.add_row(
            trace.run_id[:SHORT],
            f"{trace.started_at.astimezone():%Y-%m-%d %H:%M}",
            Text(trace.status, style="red" if trace.outcome == "failed" else ""),
            Text(trace.route),
            f"{trace.duration_ms:,.0f}",
            Text(on_one_line(trace.question)),
            Text(" ".join(_marks(trace)), style="yellow"),
        )
    screen.print(table)


def show_trace(screen: Console, given: TraceGiven) -> None:
    """Print a whole run: facts, what stands out, steps and calls along time, the answer."""
    trace = TraceGiven.model_validate(harmless(given.model_dump()))
    _show_facts(screen, trace)
    for finding in trace.findings:
        place = f"step {finding.step}: " if finding.step is not None else ""
        screen.print(_line(f"{finding.severity}: {place}{finding.text}", _STYLES[finding.severity]))
    screen.print()
    screen.print(_course(trace))
    if trace.answer is not None:
        screen.print()
        told = {name: value for name, value in trace.answer.items() if name != "html"}
        show_answer(screen, Answer.model_validate(told))
    elif trace.failure is not None:
        screen.print(_line(f"{trace.failure.type}: {trace.failure.message}", "bold red"))


def facts_of(trace: TraceSummary) -> Iterator[str]:
    """Yield what a run was and took, a few words each."""
    yield trace.status
    if trace.route:
        yield f"route {trace.route}"
    if trace.mode:
        yield trace.mode
    if trace.faithfulness is not None:
        yield f"faithfulness {trace.faithfulness:.2f}"
    yield f"{trace.duration_ms:,.1f} ms"
    yield f"{trace.steps} steps, {trace.calls} calls"
    yield from _cost(trace)
    if trace.exit_reason not in ("", "completed"):
        yield trace.exit_reason
    yield from _marks(trace)


def _marks(trace: TraceSummary) -> Iterator[str]:
    if trace.degraded:
        yield "degraded"
    if trace.kind == "fork":
        yield "fork"
    if trace.thumb is not None:
        yield f"thumb {trace.thumb}"
    if trace.imported:
        yield "imported"
    if trace.scrubbed:
        yield "scrubbed"


def _show_facts(screen: Console, trace: TraceGiven) -> None:
    summary = trace.summary
    screen.print(_line(summary.question, "bold"))
    screen.print(_line(" · ".join(facts_of(summary)), "dim"))
    began = f"{summary.started_at.astimezone():%Y-%m-%d %H:%M:%S}"
    screen.print(_line(f"run {summary.run_id} of {began}, thread {summary.thread_id}", "dim"))
    if trace.parent is not None:
        screen.print(_line(f"forked from {trace.parent.run_id} behind step {trace.parent.step}", "dim"))
    for fork in trace.forks:
        screen.print(_line(f"fork {fork.run_id}: {fork.status}, {fork.duration_ms:,.0f} ms", "dim"))
    if trace.feedback is not None:
        told = [trace.feedback.thumb, trace.feedback.reason, trace.feedback.correction]
        screen.print(_line("feedback: " + ", ".join(on_one_line(one) for one in told if one), "yellow"))


def _course(trace: TraceGiven) -> Table:
    """Draw steps and calls as a tree beside a timeline; what was waited for is marked."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), show_header=False)
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True, style="dim")
    table.add_column(no_wrap=True, width=BAR)
    ended = [*(step.ended_ms for step in trace.steps), *(call.ended_ms for call in trace.calls)]
    total = max([trace.summary.duration_ms, *ended])
    for superstep, together in groupby(trace.steps, key=lambda step: step.superstep):
        steps = list(together)
        beside = f", {len(steps)} side by side" if len(steps) > 1 else ""
        table.add_row(Text(f"superstep {superstep}{beside}", style="dim"))
        for place, step in enumerate(steps):
            last = place == len(steps) - 1
            table.add_row(*_step_row(step, "└─ " if last else "├─ ", total))
            calls = [call for call in trace.calls if call.step == step.number]
            for row in _call_rows(calls, "   " if last else "│  ", total):
                table.add_row(*row)
    return table


def _step_row(step: StepEntry, branch: str, total: float) -> tuple[Text, ...]:
    wrong = step.failure is not None and step.paused is None
    label = Text(branch, style="dim")
    label.append(f"{step.number} {step.node}", style="bold red" if wrong else "bold")
    label.append(": " + on_one_line(step.title))
    for mark in _step_marks(step):
        label.append(f" [{mark}]", style="yellow")
    return label, _took(step), Text(), _bar(step, total, "red" if wrong else "green")


def _step_marks(step: StepEntry) -> Iterator[str]:
    if step.critical:
        yield "critical"
    if step.attempt > 1:
        yield f"attempt {step.attempt}"
    if step.source == "recorded":
        yield "from the parent"


def _call_rows(calls: Sequence[CallEntry], indent: str, total: float) -> Iterator[tuple[Text, ...]]:
    for call in calls[:MOST_CALLS]:
        label = Text(f"{indent}{'   ' if call.within is not None else ''}· ", style="dim")
        label.append(f"{call.port}.{call.method} ", style="cyan")
        label.append(on_one_line(call.title), style="red" if call.failure is not None else "")
        if call.source == "recorded":
            label.append(" [recorded]", style="yellow")
        yield label, _took(call), Text(", ".join(_cost(call))), _bar(call, total, "cyan")
    if len(calls) > MOST_CALLS:
        yield (Text(f"{indent}· {len(calls) - MOST_CALLS} more calls", style="dim"),)


def _cost(one: CallEntry | TraceSummary) -> Iterator[str]:
    if one.input_tokens or one.output_tokens:
        yield f"{one.input_tokens:,} → {one.output_tokens:,} tokens"
    if one.cost_usd:
        yield f"${one.cost_usd:.4f}"


def _took(one: StepEntry | CallEntry) -> Text:
    return Text(f"{one.ended_ms - one.started_ms:,.1f} ms", style="bold" if one.critical else "dim")


def _bar(one: StepEntry | CallEntry, total: float, colour: str) -> Text:
    """Draw when it ran, in proportion to the whole; solid where the run waited for it."""
    if total <= 0:
        return Text()
    start = min(BAR - 1, int(BAR * max(0.0, one.started_ms) / total))
    length = max(1, min(BAR - start, round(BAR * (one.ended_ms - one.started_ms) / total)))
    return Text(" " * start + ("█" if one.critical else "░") * length, style=colour)


def _line(text: str, style: str) -> Padding:
    return Padding(Text(on_one_line(text), style=style), (0, 0, 0, 2))
