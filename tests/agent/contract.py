"""The public contract of an answer, checked by hand on the JSON that every front returns."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

MARKER = re.compile(r"\[(\d+)\]")
STATUSES = ("answered", "partial", "clarify", "unanswerable", "declined")
EXIT_REASONS = (
    "completed",
    "clarification",
    "out_of_time",
    "out_of_tokens",
    "out_of_money",
    "out_of_calls",
    "model_unavailable",
)
CITED = ("answered", "partial")
"""Statuses whose answers state something and so must cite."""

Check = Callable[[object], bool]


def _is(*kinds: type) -> Check:
    """Accept values of exactly these types: True is no number here."""
    return lambda value: type(value) in kinds


def _number(value: object) -> bool:
    return type(value) in (int, float)


def _probability(value: object) -> bool:
    return _number(value) and 0 <= value <= 1  # type: ignore[operator]  # a number by now


def _duration(value: object) -> bool:
    return _number(value) and value >= 0  # type: ignore[operator]  # a number by now


def _count(value: object) -> bool:
    return type(value) is int and value >= 0


def _one_of(*values: object) -> Check:
    return lambda value: value in values


def _optional(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _many(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(check(item) for item in value)


def _named(check: Check) -> Check:
    return lambda value: (
        isinstance(value, dict) and all(isinstance(key, str) and check(item) for key, item in value.items())
    )


def _text(value: object) -> bool:
    return type(value) is str and bool(value.strip())


ROUTE: Mapping[str, Check] = {
    "category": _text,
    "knowledge_bases": _named(_probability),
    "database": _probability,
    "in_scope": _probability,
}
USAGE: Mapping[str, Check] = {
    "model_calls": _count,
    "sequential_model_calls": _count,
    "input_tokens": _count,
    "output_tokens": _count,
    "cost_usd": _duration,
    "calls": _many(_is(dict)),
}
CALL: Mapping[str, Check] = {
    "prompt": _text,
    "prompt_hash": _text,
    "model": _text,
    "attempts": _count,
    "input_tokens": _count,
    "cached_tokens": _count,
    "output_tokens": _count,
    "estimated": _is(bool),
    "cost_usd": _duration,
    "milliseconds": _duration,
    "error": _optional(_text),
}
TIMINGS: Mapping[str, Check] = {
    "total": _duration,
    "first_token": _optional(_duration),
    "nodes": _named(_duration),
}
ANSWER: Mapping[str, Check] = {
    "answer": _text,
    "status": _one_of(*STATUSES),
    "citations": _many(_is(dict)),
    "route": _is(dict),
    "queries": _many(_text),
    "faithfulness": _probability,
    "mode": _one_of("local", "llm"),
    "degraded": _is(bool),
    "notes": _many(_text),
    "exit_reason": _one_of(*EXIT_REASONS),
    "usage": _is(dict),
    "timings_ms": _is(dict),
    "thread_id": _text,
    "run_id": _text,
}
PASSAGE: Mapping[str, Check] = {
    "id": _count,
    "kind": _one_of("passage"),
    "knowledge_base": _text,
    "source": _text,
    "title": _is(str),
    "section": _is(str),
    "quote": _text,
    "start": _count,
    "end": _count,
    "url": _optional(_text),
}
ROWS: Mapping[str, Check] = {
    "id": _count,
    "kind": _one_of("rows"),
    "statement": _text,
    "columns": _many(_text),
    "rows": _many(_many(_is(str, int, float, bool, type(None)))),
}


def problems(answer: Mapping[str, Any]) -> list[str]:
    """Return everything about one answer that breaks the contract; keys beyond it are allowed."""
    found = list(_shape(answer, ANSWER, "answer"))
    if found:
        return found
    for key, checks in (("route", ROUTE), ("usage", USAGE), ("timings_ms", TIMINGS)):
        found += _shape(answer[key], checks, key)
    for call in answer["usage"].get("calls", []):
        found += _shape(call, CALL, "usage.calls")
    for citation in answer["citations"]:
        found += _citation(citation)
    return found or [*_markers(answer), *_uncited(answer), *_sums(answer)]


def _shape(value: Mapping[str, Any], checks: Mapping[str, Check], place: str) -> Iterator[str]:
    for key, check in checks.items():
        if key not in value:
            yield f"{place} has no {key!r}"
        elif not check(value[key]):
            yield f"{place}.{key} is {value[key]!r}"


def _citation(citation: Mapping[str, Any]) -> Iterator[str]:
    checks = {"passage": PASSAGE, "rows": ROWS}.get(citation.get("kind", ""))
    if checks is None:
        yield f"a citation is of kind {citation.get('kind')!r}"
        return
    place = f"citation {citation.get('id')}"
    wrong = list(_shape(citation, checks, place))
    yield from wrong
    if wrong:
        return
    if checks is PASSAGE and citation["end"] - citation["start"] != len(citation["quote"]):
        yield f"{place} quotes {len(citation['quote'])} characters of {citation['start']}-{citation['end']}"
    if checks is ROWS and any(len(row) != len(citation["columns"]) for row in citation["rows"]):
        yield f"{place} has rows of another width than its columns"


def _markers(answer: Mapping[str, Any]) -> Iterator[str]:
    """Compare the `[n]` of the text with the citations."""
    used = {int(number) for number in MARKER.findall(answer["answer"])}
    ids = [citation["id"] for citation in answer["citations"]]
    if len(ids) != len(set(ids)):
        yield f"citation ids repeat: {ids}"
    if missing := used - set(ids):
        yield f"markers without a citation: {sorted(missing)}"
    if unused := set(ids) - used:
        yield f"citations nobody refers to: {sorted(unused)}"
    if answer["status"] in CITED and not ids:
        yield "an answer without a citation"
    if answer["status"] not in CITED and ids:
        yield f"status {answer['status']} with citations"


def _uncited(answer: Mapping[str, Any]) -> Iterator[str]:
    """Name each line that states something and does not end with a marker; table rows hang on their lead."""
    if answer["status"] not in CITED:
        return
    for block in answer["answer"].split("\n\n"):
        lines = [line for line in block.split("\n") if line.strip() and not line.lstrip().startswith("|")]
        for line in lines:
            if not re.search(r"\[\d+\]\W*$", line):
                yield f"a line without a marker: {line!r}"


def _sums(answer: Mapping[str, Any]) -> Iterator[str]:
    """Check what two fields say together."""
    if not 0 <= answer["faithfulness"] <= 1:
        yield "faithfulness is no share"
    if (answer["status"] == "clarify") != (answer["exit_reason"] == "clarification"):
        yield f"status {answer['status']} with exit reason {answer['exit_reason']}"
    usage = answer["usage"]
    if usage["model_calls"] and answer["mode"] == "local" and not answer["degraded"]:
        yield "local mode called a language model"
    if not usage["sequential_model_calls"] <= usage["model_calls"] == len(usage["calls"]):
        yield f"usage counts {usage['model_calls']} calls and lists {len(usage['calls'])}"
    places = {*answer["route"]["knowledge_bases"], "database", "out_of_scope", "unknown"}
    if answer["route"]["category"] not in places:
        yield f"category {answer['route']['category']!r} is no destination"
