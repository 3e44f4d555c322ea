"""The statements of a step: what the guard said, how the database went about it, and what came back."""

from collections.abc import Mapping, Sequence
from typing import Literal

from agent.recording.recording import Call, Json
from agent.tracing.reading import listed, mapped, optional_text, shown, text
from agent.tracing.views_found import SqlGiven
from tools.database.guard import check
from tools.database.schema import Dialect

MOST_ROWS = 1_000
"""Rows of one result that are shown."""
_DIALECTS: Mapping[str, Dialect] = {"sqlite": "sqlite", "postgres": "postgres"}


def sql_given(calls: Sequence[Call]) -> list[SqlGiven]:
    """Return every statement that the calls of a step asked the database, in order."""
    inner = {call.within: call for call in calls if call.port == "database" and call.within is not None}
    given = []
    for call in calls:
        if (call.port, call.method) == ("catalog", "run"):
            given.append(_statement(call, inner.get(call.number)))
        elif (call.port, call.method) == ("database", "fetch") and call.within is None:
            given.append(_statement(call, None))
    return given


def _statement(call: Call, inner: Call | None) -> SqlGiven:
    """Render one statement; of a named query the database's own call knows more than the catalogue's."""
    asked = inner or call
    told, result = {**mapped(call.response), **mapped(asked.response)}, mapped(asked.response)
    statement = text(asked.request.get("statement")) or text(told.get("statement"))
    parameters = mapped(asked.request, "parameters") or _pairs(
        mapped(call.request, "match").get("parameters")
    )
    decision, reason = _decision(call)
    return SqlGiven(
        call=call.number,
        statement=statement,
        parameters={str(name): shown(value) for name, value in parameters.items()},
        named=optional_text(mapped(call.request, "match").get("query")),
        decision=decision,
        reason=reason,
        normalized=_normalized(statement, asked) if decision == "allowed" else None,
        plan=[text(line) for line in listed(result.get("plan"))],
        columns=[text(column) for column in listed(told.get("columns"))],
        rows=[[shown(cell) for cell in listed(row)] for row in listed(told.get("rows"))[:MOST_ROWS]],
        truncated=told.get("truncated") is True,
    )


def _decision(call: Call) -> tuple[Literal["allowed", "refused", "failed"], str | None]:
    if call.interrupted:
        return "failed", "it was given up, because time ran out"
    if call.failure is None:
        return "allowed", None
    refused = call.failure.type == "RejectedQuery" and call.failure.details.get("problem") == "refused"
    return "refused" if refused else "failed", call.failure.message


def _normalized(statement: str, call: Call) -> str | None:
    """Return a statement as the guard writes it anew; what was seen of whom is not known here."""
    dialect = _DIALECTS.get(text(call.request.get("dialect")))
    return (
        None if dialect is None else check(statement, dialect=dialect, schema=None, max_rows=None).normalized
    )


def _pairs(parameters: Json) -> Mapping[str, Json]:
    pairs = [listed(each) for each in listed(parameters)]
    return {text(pair[0]): pair[1] for pair in pairs if len(pair) == 2}
