"""What went otherwise on the way to an answer than a case demands, naming the step where it did."""

from collections.abc import Iterator, Mapping

from agent.evaluation.cases import Ran, StepLabels
from agent.evaluation.citing import lost_facts
from agent.evaluation.destinations import DATABASE, sent_to
from agent.evaluation.facts import folded
from agent.evaluation.happened import Happened
from tools.database.schema import Dialect
from tools.database.shapes import normalized
from tools.types import Cell, Match, Rows

SHOWN = 160
"""Characters of a statement or a question in a message."""


def check_steps(labels: StepLabels, happened: Happened) -> tuple[str, ...]:
    """Return what went otherwise, in the order of the steps: the first is the likeliest cause."""
    lost = [source for source in labels.evidence if not set(source.split("|")) & _sources(happened)]
    unanswered = [ran for ran in labels.statements if not _ran(ran, happened)]
    missing = {one for source in lost for one in source.split("|")} | ({DATABASE} if unanswered else set())
    citable = [one for one in labels.citations if not missing.issuperset(one.source.split("|"))]
    return (
        *_route(labels, happened),
        *_asked(labels, happened),
        *_searched(labels, happened),
        *(_without_rows(ran, happened) for ran in unanswered),
        *(_without_source(source, happened) for source in lost),
        *lost_facts(citable, happened),
        *_path(labels, happened),
    )


def _sources(happened: Happened) -> frozenset[str]:
    return frozenset(hit.chunk.source for part in happened.evidence for hit in part.hits)


def _route(labels: StepLabels, happened: Happened) -> Iterator[str]:
    if labels.route is None:
        return
    taken = sent_to(happened.plan.route) if happened.plan else frozenset({"nowhere"})
    if taken != set(labels.route):
        yield f"step classify: sent to {_listed(taken)}, not to {_listed(labels.route)}"


def _asked(labels: StepLabels, happened: Happened) -> Iterator[str]:
    asked, wanted = happened.asked, labels.asks
    if wanted is None and asked is not None:
        yield f"step clarify: asks back {_short(asked)!r}"
    elif wanted is not None and (asked is None or folded(asked) != folded(wanted)):
        instead = f"{_short(asked)!r}, not " if asked else "nothing back, not "
        yield f"step clarify: asks {instead}{_short(wanted)!r}"


def _searched(labels: StepLabels, happened: Happened) -> Iterator[str]:
    """Name who lost a query: the planner, when no part wants it; else the search that never answered."""
    done = {(found.knowledge_base, folded(found.query)) for found in happened.searches}
    wanted = {
        (base, folded(query.text))
        for part in (happened.plan.parts if happened.plan else ())
        for base in part.knowledge_bases
        for query in part.queries
    }
    for base, queries in labels.queries.items():
        for query in queries:
            pair = (base, folded(query))
            if pair not in wanted:
                yield f"step classify: does not want {base} searched for {_short(query)!r}"
            elif pair not in done:
                yield f"step {happened.searching}: {base} was not searched for {_short(query)!r}"


def _ran(wanted: Ran, happened: Happened) -> bool:
    return any(_same_statement(wanted, rows) and _same_values(wanted, rows) for rows in happened.queried)


def _without_rows(wanted: Ran, happened: Happened) -> str:
    """Name who chose another statement: the planner for named queries, else who writes and runs it."""
    missing = _spelled(wanted.name or wanted.statement, wanted.parameters)
    chosen = [match for part in (happened.plan.parts if happened.plan else ()) for match in part.matches]
    if wanted.name and not any(_chose(match, wanted) for match in chosen):
        others = ", ".join(_spelled(match.query, dict(match.parameters)) for match in chosen)
        return f"step classify: chose {others or 'no named query'}, not {missing}"
    if "query_database" not in happened.nodes:
        return f"step classify: did not have the database asked for {missing}"
    ran = ", ".join(_spelled(rows.statement, dict(rows.parameters)) for rows in happened.queried)
    missing = _spelled(wanted.statement, wanted.parameters)
    return f"step query_database: ran {ran or 'nothing'}, not {missing}"


def _chose(match: Match, wanted: Ran) -> bool:
    return match.query == wanted.name and dict(match.parameters) == dict(wanted.parameters)


def _same_values(wanted: Ran, rows: Rows) -> bool:
    return dict(rows.parameters) == dict(wanted.parameters)


def _same_statement(wanted: Ran, rows: Rows) -> bool:
    """Compare two statements in each dialect: a recording does not say which one it was written in."""
    one, other = wanted.statement, rows.statement
    if one.split() == other.split():
        return True
    spelled = ((normalized(one, dialect=kind), normalized(other, dialect=kind)) for kind in _DIALECTS)
    return any(left is not None and left == right for left, right in spelled)


_DIALECTS: tuple[Dialect, ...] = ("sqlite", "postgres")


def _without_source(source: str, happened: Happened) -> str:
    if {hit.chunk.source for found in happened.searches for hit in found.hits} & set(source.split("|")):
        return f"step rerank: evidence lacks {source}"
    if "rerank" not in happened.nodes:
        return f"step classify: did not have anything ranked, so that evidence lacks {source}"
    return f"step {happened.searching}: no search found {source}"


def _path(labels: StepLabels, happened: Happened) -> Iterator[str]:
    if labels.path is None or labels.path == happened.path:
        return
    same = 0
    while labels.path[same : same + 1] == happened.path[same : same + 1]:
        same += 1
    came, due = ((*path, "the end")[same] for path in (happened.path, labels.path))
    yield f"step {came}: came where {due} was due" if came != "the end" else f"step {due}: never came"


def _spelled(statement: str, parameters: Mapping[str, Cell]) -> str:
    values = ", ".join(f"{name}={value!r}" for name, value in sorted(parameters.items()))
    return f"{_short(' '.join(statement.split()))}{f' with {values}' if values else ''}"


def _listed(names: frozenset[str] | tuple[str, ...]) -> str:
    return " and ".join(sorted(names)) or "nothing"


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
