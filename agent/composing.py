"""Composes the public answer from the final state of a run."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from agent.answer import Answer, ChartHint, ExitReason, ModelCall, PassageQuote, RouteTaken, RowsQuote, Usage
from agent.watch import Watch
from graph.deps import Deps
from graph.plan import Plan
from graph.reasoning.citing import shown_cells
from graph.state import Citation, Clarification, Draft, PassageCitation, Result, RowsCitation
from tools.errors import Limit
from tools.metering import Call, Meter
from tools.types import Chunk, Mode

AROUND = 400
"""Characters of the passage that are shown on either side of a quotation."""

OUT_OF: Mapping[Limit, ExitReason] = {
    "seconds": "out_of_time",
    "tokens": "out_of_tokens",
    "usd": "out_of_money",
    "model_calls": "out_of_calls",
}


def compose(
    values: Mapping[str, Any],
    watch: Watch,
    deps: Deps,
    thread: str,
    run: str,
    asked: Clarification | None,
) -> Answer:
    """Return the public answer of a run that ended, or that asks back."""
    result: Result = values["result"] if asked is None else Result(answer=asked.question, status="clarify")
    failures, plan = values.get("failures", []), values["plan"]
    return Answer(
        answer=result.answer,
        status=result.status,
        citations=_citations(result.citations, values),
        route=_route(plan),
        queries=_queries(plan),
        faithfulness=round(result.faithfulness, 4),
        mode=_mode(deps, plan, values["draft"]),
        degraded=bool(failures),
        notes=list(dict.fromkeys([*values.get("notes", []), *failures])),
        choices=list(asked.choices) if asked else [],
        exit_reason="clarification" if asked else _exit_reason(deps.meter, values),
        usage=_usage(deps.meter),
        timings_ms=watch.timings(),
        thread_id=thread,
        run_id=run,
    )


def out_of_time(watch: Watch, deps: Deps, thread: str, run: str) -> Answer:
    """Say that time ran out; the thread's state may be that of an earlier run."""
    return Answer(
        answer="I ran out of time before I could answer.",
        status="unanswerable",
        citations=[],
        route=_route(watch.plan),
        queries=_queries(watch.plan),
        faithfulness=1.0,
        mode=deps.mode,
        degraded=True,
        notes=[],
        exit_reason="out_of_time",
        usage=_usage(deps.meter),
        timings_ms=watch.timings(),
        thread_id=thread,
        run_id=run,
    )


def _mode(deps: Deps, plan: Plan, draft: Draft) -> Mode:
    """Return the mode that gave the answer: local also where a language model was asked in vain."""
    return "local" if _without_model(plan, draft) and not draft.text else deps.mode


def _without_model(plan: Plan, draft: Draft) -> bool:
    """Tell whether the local mode had to finish what a language model was asked for."""
    return bool(draft.shortfall or (plan.shortfall and not draft.claims))


def _exit_reason(meter: Meter, values: Mapping[str, Any]) -> ExitReason:
    """Return what was lacking: a limit that was reached, or a model that was to plan, write or judge."""
    if meter.exceeded is not None:
        return OUT_OF[meter.exceeded]
    lacking = (values[one].shortfall for one in ("plan", "draft", "verification"))
    return "model_unavailable" if any(lacking) else "completed"


def _usage(meter: Meter) -> Usage:
    return Usage(
        model_calls=len(meter.calls),
        sequential_model_calls=meter.sequential_calls,
        input_tokens=sum(call.input_tokens for call in meter.calls),
        output_tokens=sum(call.output_tokens for call in meter.calls),
        cost_usd=round(meter.usd, 6),
        calls=[_call(call) for call in meter.calls],
    )


def _call(call: Call) -> ModelCall:
    return ModelCall(
        prompt=call.prompt,
        prompt_hash=call.prompt_hash,
        model=call.model,
        attempts=call.attempts,
        input_tokens=call.input_tokens,
        cached_tokens=call.cached_tokens,
        output_tokens=call.output_tokens,
        estimated=call.estimated,
        cost_usd=round(call.cost_usd, 6),
        milliseconds=round((call.ended - call.started) * 1000, 2),
        error=call.error,
    )


def _route(plan: Plan | None) -> RouteTaken:
    if plan is None:
        return RouteTaken(category="unknown", knowledge_bases={}, database=0.0, in_scope=0.0)
    return RouteTaken(
        category=plan.route.category,
        knowledge_bases={name: round(p, 4) for name, p in plan.route.knowledge_bases.items()},
        database=round(plan.route.database, 4),
        in_scope=round(plan.route.in_scope, 4),
    )


def _queries(plan: Plan | None) -> list[str]:
    return list(dict.fromkeys(query.text for part in plan.parts for query in part.queries)) if plan else []


def _citations(citations: Sequence[Citation], values: Mapping[str, Any]) -> list[PassageQuote | RowsQuote]:
    passages = {hit.chunk.id: hit.chunk for part in values.get("evidence", []) for hit in part.hits}
    return [
        _quoted(citation, passages.get(citation.chunk_id))
        if isinstance(citation, PassageCitation)
        else _rows(citation, values["draft"])
        for citation in citations
    ]


def _quoted(citation: PassageCitation, passage: Chunk | None) -> PassageQuote:
    """Show a quotation where it stands; its offsets and those of its passage count in the same text."""
    before = after = ""
    if passage is not None:
        before = passage.text[: max(0, citation.start - passage.start)][-AROUND:]
        after = passage.text[max(0, citation.end - passage.start) :][:AROUND]
    return PassageQuote(
        id=citation.id,
        knowledge_base=citation.knowledge_base,
        source=citation.source,
        title=citation.title,
        section=citation.section,
        quote=citation.quote,
        start=citation.start,
        end=citation.end,
        before=before,
        after=after,
        url=citation.url,
    )


def _rows(citation: RowsCitation, draft: Draft) -> RowsQuote:
    return RowsQuote(
        id=citation.id,
        statement=citation.statement,
        columns=list(citation.columns),
        rows=[list(row) for row in citation.rows],
        cells=shown_cells(citation, draft.claims),
        chart=ChartHint(**asdict(citation.chart)) if citation.chart else None,
    )
