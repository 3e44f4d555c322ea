"""What stands out in a recording: what a developer should look at first, and why."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from agent.recording.recording import Call, Recording, Step
from agent.tracing.course import Course, course_of, told
from agent.tracing.findings_answer import answer_findings
from agent.tracing.findings_ranking import ranking_findings
from agent.tracing.findings_route import route_findings
from agent.tracing.findings_sql import sql_findings
from agent.tracing.reading import count, excerpt, listed, mapped, number, text
from agent.tracing.titles import call_title
from agent.tracing.views import Finding, Severity

MOST_OF_A_KIND = 6
"""Findings that one rule may add."""
SLOW_MS, SHARE, SHARE_MS = 1_000.0, 0.5, 100.0
"""A call is slow from there on; or when it takes that share of a run, and at least so long."""
_GRAVITY = {"error": 0, "warning": 1, "note": 2}


def find(recording: Recording) -> list[Finding]:
    """Return what stands out, the gravest first and then in the order of the run."""
    course = course_of(recording)
    found = [finding for rule in _RULES for finding in islice(rule(course), MOST_OF_A_KIND)]
    unique = {(one.step, one.call, one.text): one for one in found}
    return sorted(unique.values(), key=lambda one: (_GRAVITY[one.severity], one.step or 0))


def _ending(course: Course) -> Iterator[Finding]:
    """How the run ended, when it did not end well."""
    recording = course.recording
    if recording.failure is not None:
        yield told(
            "error", f"The run failed with {recording.failure.type}: {recording.failure.message[:300]}"
        )
    elif recording.outcome == "cancelled":
        yield told("warning", "The run was given up before its end.")
    reason = text(mapped(recording.answer).get("exit_reason"))
    if reason.startswith("out_of_"):
        yield told("error", f"The run ended early: {reason.replace('_', ' ')}; raise assistant.budget.")
    elif reason == "model_unavailable":
        yield told("warning", "A language model was to be asked and was of no help; the local mode stood in.")


def _failed_steps(course: Course) -> Iterator[Finding]:
    handled = {step.node for step in course.recording.steps if step.handles}
    for step in course.recording.steps:
        if step.failure is None:
            continue
        way = "the run went on without it" if step.node in handled else "nothing took note of it"
        words = f"{step.node} failed with {step.failure.type}: {excerpt(step.failure.message, 240)}; {way}."
        yield told("warning" if step.node in handled else "error", words, step=step)


def _retries(course: Course) -> Iterator[Finding]:
    for step in course.recording.steps:
        if step.attempt > 1 and step.failure is None:
            words = (
                f"{step.node} went well only at attempt {step.attempt}: what it asked was away for a moment."
            )
            yield told("warning", words, step=step)


def _degraded(course: Course) -> Iterator[Finding]:
    """What could not be reached, in the words that the asker reads."""
    for step in course.recording.steps:
        for note in listed(mapped(step.update).get("failures")):
            yield told("warning", f"The answer is degraded: {excerpt(note, 300)}", step=step)


def _failed_calls(course: Course) -> Iterator[Finding]:
    """Calls that ended badly; statements of SQL have rules of their own."""
    for call in course.recording.calls:
        if call.within is not None or call.port in ("database", "catalog"):
            continue
        if call.interrupted:
            yield told("warning", f"A call was given up before it ended: {call_title(call)}.", call=call)
        elif call.failure is not None:
            yield told("error", _failure(call), call=call)


def _failure(call: Call) -> str:
    failure = call.failure
    kind, message = (failure.type, excerpt(failure.message, 240)) if failure else ("", "")
    if kind == "ModelOutputError":
        name = excerpt(mapped(call.request, "prompt").get("name"))
        return f"The reply of the model to the prompt {name} could not be used: {message}"
    if kind == "BudgetExceeded" and failure is not None:
        limit = excerpt(failure.details.get("limit"))
        return f"The question's budget was used up before this call (assistant.budget.{limit}): {message}"
    return f"{call.port}.{call.method} failed with {kind}: {message}"


def _retried_calls(course: Course) -> Iterator[Finding]:
    for call in course.recording.calls:
        attempts = sum(count(one.get("attempts")) for one in call.spent)
        if attempts > 1:
            yield told("note", f"The model's endpoint was asked {attempts} times for one reply.", call=call)


def _exceeded(course: Course) -> Iterator[Finding]:
    for call in course.recording.calls:
        if call.exceeded is not None and call.failure is None:
            limit = excerpt(call.exceeded)
            yield told("warning", f"The budget of {limit} was reached here (assistant.budget).", call=call)
            return


def _slow(course: Course) -> Iterator[Finding]:
    """Calls that take long, the slowest first."""
    whole = number(course.recording.duration_ms)
    outer = (call for call in course.recording.calls if call.within is None)
    timed = sorted((number(one.ended_ms) - number(one.started_ms), one.number, one) for one in outer)
    for took, _, call in reversed(timed):
        share = took / whole if whole > 0 else 0.0
        if took < SLOW_MS and (took < SHARE_MS or share < SHARE):
            return
        part = f", {100 * min(share, 1.0):.0f} % of the run" if share else ""
        severity: Severity = "warning" if took >= SLOW_MS else "note"
        yield told(severity, f"Slow: {call_title(call)} took {took:,.0f} ms{part}.", call=call)


def _without_evidence(course: Course) -> Iterator[Finding]:
    """Prompts for an answer that hold nothing to answer from."""
    steps: Mapping[int, Step] = {step.number: step for step in course.recording.steps}
    for call in course.recording.calls:
        step = steps.get(call.step)
        if call.port != "chat" or step is None or step.node not in ("synthesize", "revise"):
            continue
        evidence = listed(course.before.get(step.number, {}).get("evidence"))
        if not any(listed(mapped(one).get(kind)) for one in evidence for kind in ("hits", "rows")):
            yield told("error", "The model was asked to write without any evidence in its prompt.", call=call)


def _unreadable(course: Course) -> Iterator[Finding]:
    if course.unreadable is not None:
        words = f"Why passages stand where they do cannot be told: {course.unreadable}."
        yield told("note", words, step=course.last("rerank"))


_RULES: tuple[Callable[[Course], Iterator[Finding]], ...] = (
    _ending,
    _failed_steps,
    _failed_calls,
    answer_findings,
    sql_findings,
    route_findings,
    ranking_findings,
    _without_evidence,
    _exceeded,
    _retries,
    _degraded,
    _slow,
    _retried_calls,
    _unreadable,
)
