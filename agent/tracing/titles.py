"""What a step or a call did, each in one short sentence."""

from collections.abc import Callable, Mapping

from agent.recording.recording import Call, Json, Step
from agent.tracing.reading import (
    excerpt,
    listed,
    mapped,
    number,
    objects,
    text,
)

Update = Mapping[str, Json]


def step_title(step: Step) -> str:
    """Say what a step did."""
    if step.handles:
        notes = listed(mapped(step.update).get("failures"))
        return f"went on without {step.node}" + (f": {excerpt(notes[0], 100)}" if notes else "")
    if step.failure is not None:
        return f"failed: {excerpt(step.failure.message, 100) or step.failure.type}"
    if step.paused is not None:
        return f"asked back “{excerpt(mapped(step.paused).get('question'))}”"
    told = _STEPS.get(step.node)
    return told(step, mapped(step.update)) if told else f"ran {excerpt(step.node)}"


def call_title(call: Call) -> str:
    """Say what was asked through a port, and what came of it."""
    told = _CALLS.get((call.port, call.method))
    title = told(call) if told else f"{call.port}: {excerpt(call.method)}"
    if call.interrupted:
        return f"{title}, given up"
    return f"{title}, failed: {excerpt(call.failure.type)}" if call.failure is not None else title


def many(number_of: int, one: str) -> str:
    """Return a number with what it counts."""
    return f"{number_of:,} {one}" if number_of == 1 else f"{number_of:,} {one}s"


def _prefetch(_: Step, update: Update) -> str:
    lists = objects(update.get("prefetched"))
    bases = ", ".join(text(one.get("knowledge_base")) for one in lists)
    return f"searched {excerpt(bases) or 'nothing'} for the question: {many(_hits(lists), 'passage')}"


def _classify(_: Step, update: Update) -> str:
    parts = objects(mapped(update, "plan").get("parts"))
    if mapped(update, "plan").get("small_talk") is not None:
        return "took it for small talk"
    bases = mapped(update, "plan", "route", "knowledge_bases")
    routed = sorted(bases.items(), key=lambda each: -number(each[1]))[:2]
    told = [f"{excerpt(name, 30)} {number(probability):.2f}" for name, probability in routed]
    told.append(f"database {number(mapped(update, 'plan', 'route').get('database')):.2f}")
    return f"planned {many(len(parts), 'part')}: {', '.join(told)}"


def _retrieve(step: Step, update: Update) -> str:
    task, lists = mapped(step.payload), objects(update.get("retrieved"))
    searched = f"searched {excerpt(task.get('knowledge_base'), 40)} for “{excerpt(task.get('query'))}”"
    return f"{searched}: {many(_hits(lists), 'passage')}"


def _query_database(step: Step, update: Update) -> str:
    name = excerpt(mapped(step.payload, "match").get("query"))
    asked = f"ran the query {name}" if name else "had SQL written"
    queried = objects(update.get("queried"))
    if not queried:
        return f"{asked}: no rows"
    return f"{asked}: {many(sum(len(listed(mapped(one, 'rows').get('rows'))) for one in queried), 'row')}"


def _rerank(_: Step, update: Update) -> str:
    evidence = objects(update.get("evidence"))
    passages = sum(len(listed(one.get("hits"))) for one in evidence)
    results = sum(len(listed(one.get("rows"))) for one in evidence)
    tables = f" and {many(results, 'result')} of the database" if results else ""
    return f"chose {many(passages, 'passage')}{tables} for {many(len(evidence), 'part')}"


def _assess(_: Step, update: Update) -> str:
    judged = [
        f"{excerpt(one.get('verdict'), 20)} {number(one.get('confidence')):.2f}"
        for one in objects(update.get("assessments"))[:4]
    ]
    return f"judged the evidence: {', '.join(judged) or 'nothing to judge'}"


def _write(verb: str) -> Callable[[Step, Update], str]:
    def told(_: Step, update: Update) -> str:
        draft = mapped(update, "draft")
        claims, citations = len(listed(draft.get("claims"))), len(listed(draft.get("citations")))
        return f"{verb} {many(claims, 'statement')} with {many(citations, 'citation')}"

    return told


def _verify(_: Step, update: Update) -> str:
    verification = mapped(update, "verification")
    rejected = len(listed(verification.get("rejected")))
    held = f"{100 * number(verification.get('faithfulness')):.0f} %"
    return f"checked the answer: {held} holds" + (f", {rejected} rejected" if rejected else "")


def _clarify(_: Step, update: Update) -> str:
    return f"took the reply: “{excerpt(update.get('question'))}”"


def _abstain(_: Step, __: Update) -> str:
    return "said that the sources hold no answer"


def _decline(_: Step, __: Update) -> str:
    return "declined politely"


_STEPS: Mapping[str, Callable[[Step, Update], str]] = {
    "prefetch": _prefetch,
    "classify": _classify,
    "retrieve": _retrieve,
    "query_database": _query_database,
    "rerank": _rerank,
    "assess": _assess,
    "synthesize": _write("wrote"),
    "revise": _write("rewrote the answer:"),
    "verify": _verify,
    "clarify": _clarify,
    "abstain": _abstain,
    "decline": _decline,
}


def _chat(call: Call) -> str:
    model = excerpt(call.request.get("model"), 40) or "the model"
    return f"asked {model} to {excerpt(mapped(call.request, 'prompt').get('name'), 30) or 'reply'}"


def _embed(call: Call) -> str:
    texts = listed(call.request.get("texts"))
    return f"embedded “{excerpt(texts[0])}”" if len(texts) == 1 else f"embedded {many(len(texts), 'text')}"


def _search(call: Call) -> str:
    where = mapped(call.request, "where")
    bases = ", ".join(text(each) for each in listed(where.get("knowledge_bases"))[:4])
    found = f": {many(len(listed(call.response)), 'passage')}" if call.response is not None else ""
    return f"searched {excerpt(bases) or 'every base'} for “{excerpt(call.request.get('text'))}”{found}"


def _match(call: Call) -> str:
    best = next(iter(objects(call.response)), {})
    found = f"{excerpt(best.get('query'))} {number(best.get('score')):.2f}" if best else "none"
    return f"looked for a named query: {found}"


def _run(call: Call) -> str:
    name = excerpt(mapped(call.request, "match").get("query"))
    return f"ran the query {name}{_rows(call)}"


def _fetch(call: Call) -> str:
    return f"ran “{excerpt(call.request.get('statement'))}”{_rows(call)}"


def _values(call: Call) -> str:
    return f"read the values of {excerpt(call.request.get('table'))}.{excerpt(call.request.get('column'))}"


def _score(call: Call) -> str:
    return f"scored {many(len(listed(call.request.get('texts'))), 'passage')} with the cross-encoder"


def _probabilities(call: Call) -> str:
    found = listed(call.response)
    bases = mapped(found[0]) if found else {}
    best = max(bases, key=lambda name: number(bases[name]), default=None)
    routed = f": {excerpt(best, 30)} {number(bases[best]):.2f}" if best is not None else ""
    return f"routed “{excerpt(call.request.get('question'))}”{routed}"


def _nearness(call: Call) -> str:
    return f"compared {many(len(listed(call.request.get('texts'))), 'text')} with the question"


def _today(call: Call) -> str:
    return f"asked for the day: {excerpt(call.response) or 'none'}"


_CALLS: Mapping[tuple[str, str], Callable[[Call], str]] = {
    ("chat", "text"): _chat,
    ("chat", "stream"): _chat,
    ("chat", "typed"): _chat,
    ("embedder", "embed"): _embed,
    ("store", "search"): _search,
    ("catalog", "match"): _match,
    ("catalog", "run"): _run,
    ("database", "fetch"): _fetch,
    ("database", "schema"): lambda _: "read the tables of the database",
    ("database", "values"): _values,
    ("reranker", "score"): _score,
    ("classifier", "probabilities"): _probabilities,
    ("similarity", "nearness"): _nearness,
    ("clock", "today"): _today,
}


def _hits(lists: list[Mapping[str, Json]]) -> int:
    return sum(len(listed(one.get("hits"))) for one in lists)


def _rows(call: Call) -> str:
    found = mapped(call.response)
    return f": {many(len(listed(found.get('rows'))), 'row')}" if found else ""
