"""What became of statements that were asked of the database."""

from collections.abc import Iterator, Sequence

from agent.recording.recording import Call, Json, Step
from agent.tracing.course import Course, told
from agent.tracing.reading import excerpt, listed, mapped, text
from agent.tracing.views import Finding


def sql_findings(course: Course) -> Iterator[Finding]:
    """Yield what stands out among statements and their results."""
    for step in course.recording.steps:
        if step.node != "query_database" or step.handles:
            continue
        asked = [call for call in course.made.get(step.number, ()) if _asks(call)]
        for call in asked:
            yield from _outcome(call)
        yield from _repaired(asked, step)
        if not asked and step.failure is None:
            question = excerpt(mapped(step.payload).get("question"), 120)
            yield told("warning", f"No SQL was written: “{question}” was not understood entirely.", step=step)
    yield from _said(course)


def _asks(call: Call) -> bool:
    run = (call.port, call.method)
    return call.within is None and run in (("database", "fetch"), ("catalog", "run"))


def _outcome(call: Call) -> Iterator[Finding]:
    statement = excerpt(call.request.get("statement"), 160)
    named = excerpt(mapped(call.request, "match").get("query"))
    which = f"The query {named}" if named else f"The SQL “{statement}”"
    if call.interrupted:
        yield told("error", f"{which} was given up, because time ran out.", call=call)
    elif call.failure is not None:
        problem, message = text(call.failure.details.get("problem")), excerpt(call.failure.message, 240)
        refused = problem in ("refused", "too_large", "too_expensive")
        verb = "was refused by the guard" if refused else f"failed ({problem or call.failure.type})"
        yield told("error", f"{which} {verb}: {message}", call=call)
    else:
        yield from _result(call, which)


def _result(call: Call, which: str) -> Iterator[Finding]:
    rows, parameters = listed(mapped(call.response).get("rows")), _parameters(call)
    if not rows:
        yield told("warning", f"{which} returned no rows{parameters}.", call=call)
    elif all(cell is None for row in rows for cell in listed(row)):
        yield told("warning", f"{which} returned nothing but unknown values (NULL){parameters}.", call=call)
    if mapped(call.response).get("truncated") is True:
        yield told(
            "warning", f"The result was cut at {len(rows):,} rows; what follows is not seen.", call=call
        )


def _parameters(call: Call) -> str:
    """Say what a named query was filled in with: an empty result often has the wrong value."""
    pairs = [listed(each) for each in listed(mapped(call.request, "match").get("parameters"))]
    filled = [f"{text(pair[0])} = {_cell(pair[1])}" for pair in pairs if len(pair) == 2]
    return f" for {', '.join(filled)}" if filled else ""


def _cell(value: Json) -> str:
    return f"“{excerpt(value)}”" if isinstance(value, str) else str(value)[:40]


def _repaired(asked: Sequence[Call], step: Step) -> Iterator[Finding]:
    failed = [call for call in asked if call.failure is not None]
    if failed and len(asked) > len(failed):
        words = f"SQL was mended after {len(failed)} of {len(asked)} statements had failed."
        yield told("note", words, step=step)


def _said(course: Course) -> Iterator[Finding]:
    """Say what the step noted for the asker, such as that no statement gave rows."""
    for step in course.recording.steps:
        for note in listed(mapped(step.update).get("notes")):
            if step.node == "query_database":
                yield told("warning", excerpt(note, 300), step=step)
