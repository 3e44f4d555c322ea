"""A recording as spans, by OpenTelemetry's semantic conventions for generative AI.

The names are those of release 0.1 of the conventions, which left the package
`opentelemetry-semantic-conventions` for https://github.com/open-telemetry/semantic-conventions-genai; the
workflow carries its name under that package's attribute too. Pure: nothing of OpenTelemetry is needed here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Literal

from agent.recording.recording import Call, Failure, Json, Recording, Step
from agent.tracing.span_attributes import Attributes, cut, messages_of, present
from agent.tracing.span_calls import described

WORKFLOW = "plumbline"
MOST_SPANS = 2_000
"""Spans of one run: the workflow, then its steps, then its calls as far as there is room."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CANCELLED = Failure(type="cancelled", message="given up before its end")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened within a span."""

    name: str
    at: int
    """Nanoseconds since 1970, as all times here."""
    attributes: Attributes


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One span of a trace; ids are hexadecimal."""

    trace: str
    id: str
    parent: str | None
    name: str
    kind: Literal["internal", "client"] = "internal"
    started: int
    ended: int
    attributes: Attributes
    error: str | None = None
    """What kind of error it ended with; None when it went well."""
    told: str = ""
    """Message of the error; empty without content."""
    events: tuple[Event, ...] = ()
    continues: tuple[str, str] | None = None
    """Trace and span of the run that a fork comes from."""


def trace_id_of(run_id: str) -> str:
    """Return the id of a run's trace, 32 hexadecimal digits: the run's own id where that has this form."""
    own = run_id.lower()
    if len(own) == 32 and set(own) <= set("0123456789abcdef") and set(own) != {"0"}:
        return own
    return sha256(f"trace {run_id}".encode()).hexdigest()[:32]


def spans_of(recording: Recording, *, content: bool) -> list[Span]:
    """Return the spans of a run, parents first: workflow → node → call → nested call.

    The same recording gives the same spans, so that sending one twice adds nothing.

    Args:
        recording: What the run did.
        content: Whether they carry the question, prompts, completions, statements and ids of passages.
    """
    spans = [_workflow(recording, content=content)]
    steps = recording.steps[: MOST_SPANS - 1]
    calls = recording.calls[: MOST_SPANS - 1 - len(steps)]
    spans.extend(_step(recording, step, content=content) for step in steps)
    spans.extend(_call(recording, call, content=content) for call in calls)
    return spans


def left_out(recording: Recording) -> int:
    """Return how many steps and calls are beyond what is sent of one run."""
    return max(0, 1 + len(recording.steps) + len(recording.calls) - MOST_SPANS)


def _workflow(recording: Recording, *, content: bool) -> Span:
    failure = _CANCELLED if recording.outcome == "cancelled" else recording.failure
    attributes = present(
        {
            "gen_ai.operation.name": "invoke_workflow",
            "gen_ai.agent.name": WORKFLOW,
            "gen_ai.workflow.name": WORKFLOW,
            "gen_ai.conversation.id": recording.thread_id,
            "error.type": failure.type if failure else None,
            "plumbline.run.id": recording.run_id,
            "plumbline.run.kind": recording.kind,
            "plumbline.run.outcome": recording.outcome,
            "plumbline.run.steps": len(recording.steps),
            "plumbline.run.calls": len(recording.calls),
            "plumbline.run.spans_left_out": left_out(recording) or None,
            **_answered(recording.answer or {}),
        }
    )
    if content:
        attributes |= messages_of([("user", recording.question)], (recording.answer or {}).get("answer"))
    return Span(
        trace=trace_id_of(recording.run_id),
        id=_span_id(recording.run_id, "run"),
        parent=None,
        name=f"invoke_workflow {WORKFLOW}",
        started=_at(recording, 0.0),
        ended=_at(recording, recording.duration_ms),
        attributes=attributes,
        error=failure.type if failure else None,
        told=_told(failure, content=content),
        events=tuple(_evaluations(recording)),
        continues=_origin(recording),
    )


def _answered(answer: Mapping[str, Json]) -> Mapping[str, Json]:
    """Say what came out, without a word of it."""
    usage, route = answer.get("usage") or {}, answer.get("route") or {}
    return {
        "plumbline.answer.status": answer.get("status"),
        "plumbline.answer.exit_reason": answer.get("exit_reason"),
        "plumbline.answer.mode": answer.get("mode"),
        "plumbline.answer.degraded": answer.get("degraded"),
        "plumbline.answer.route": route.get("category"),
        "plumbline.usage.model_calls": usage.get("model_calls"),
        "plumbline.usage.cost_usd": usage.get("cost_usd"),
    }


def _step(recording: Recording, step: Step, *, content: bool) -> Span:
    attributes = present(
        {
            "langgraph.node": step.node,
            "langgraph.step": step.superstep,
            "error.type": step.failure.type if step.failure else None,
            "plumbline.step.number": step.number,
            "plumbline.step.place": step.place,
            "plumbline.step.attempt": step.attempt,
            "plumbline.step.handles": step.handles or None,
            "plumbline.step.paused": step.paused is not None or None,
            "plumbline.step.source": step.source,
            "plumbline.step.wrote": sorted(step.update) if step.update else None,
            **(_reranked(recording, step) if step.node == "rerank" and step.update else {}),
        }
    )
    return Span(
        trace=trace_id_of(recording.run_id),
        id=_span_id(recording.run_id, f"step {step.number}"),
        parent=_span_id(recording.run_id, "run"),
        name=cut(step.node),
        started=_at(recording, step.started_ms),
        ended=_at(recording, max(step.started_ms, step.ended_ms)),
        attributes=attributes,
        error=step.failure.type if step.failure else None,
        told=_told(step.failure, content=content),
    )


def _call(recording: Recording, call: Call, *, content: bool) -> Span:
    about = described(recording, call)
    failure = _CANCELLED if call.interrupted else call.failure
    parent = f"step {call.step}" if call.within is None else f"call {call.within}"
    attributes = present(
        {
            **about.attributes,
            "error.type": failure.type if failure else None,
            "plumbline.call.number": call.number,
            "plumbline.call.port": call.port,
            "plumbline.call.method": call.method,
            "plumbline.call.source": call.source,
        }
    )
    if content:
        attributes |= about.content()
    return Span(
        trace=trace_id_of(recording.run_id),
        id=_span_id(recording.run_id, f"call {call.number}"),
        parent=_span_id(recording.run_id, parent),
        name=cut(about.name),
        kind=about.kind,
        started=_at(recording, call.started_ms),
        ended=_at(recording, max(call.started_ms, call.ended_ms)),
        attributes=attributes,
        error=failure.type if failure else None,
        told=_told(failure, content=content),
    )


def _evaluations(recording: Recording) -> Iterator[Event]:
    """Yield an event for each time the answer's faithfulness was measured."""
    for step in recording.steps:
        measured = (step.update or {}).get("verification")
        if step.node == "verify" and measured:
            yield Event(
                name="gen_ai.evaluation.result",
                at=_at(recording, step.ended_ms),
                attributes={
                    "gen_ai.evaluation.name": "faithfulness",
                    "gen_ai.evaluation.score.value": measured["faithfulness"],
                },
            )


def _reranked(recording: Recording, step: Step) -> Mapping[str, Json]:
    """Say how many passages were found, how many were kept, and the best score."""
    found = {
        hit["chunk"]["id"]
        for earlier in recording.steps
        if earlier.superstep < step.superstep
        for channel in ("prefetched", "retrieved")
        for hit in _hits((earlier.update or {}).get(channel))
    }
    kept = list(_hits((step.update or {}).get("evidence")))
    scores = [hit["score"] for hit in kept if isinstance(hit["score"], int | float)]
    return {
        "plumbline.rerank.candidates": len(found),
        "plumbline.rerank.kept": len(kept),
        "plumbline.rerank.top_score": max(scores, default=None),
        "plumbline.rerank.cross_encoder": any("cross_encoder" in hit["explanation"] for hit in kept),
    }


def _hits(lists: Json) -> Iterator[Mapping[str, Json]]:
    """Yield the hits of result lists or of evidence; a channel that is emptied has none."""
    for one in lists if isinstance(lists, list) else ():
        yield from one["hits"]


def _origin(recording: Recording) -> tuple[str, str] | None:
    if recording.parent is None:
        return None
    run_id = recording.parent.run_id
    return trace_id_of(run_id), _span_id(run_id, "run")


def _span_id(run_id: str, what: str) -> str:
    digest = sha256(f"{run_id} {what}".encode()).hexdigest()
    return digest[:16] if set(digest[:16]) != {"0"} else digest[16:32]


def _at(recording: Recording, milliseconds: float) -> int:
    """Return a moment of the run in nanoseconds since 1970."""
    began = (recording.started - _EPOCH) // timedelta(microseconds=1) * 1000
    return began + round(milliseconds * 1_000_000)


def _told(failure: Failure | None, *, content: bool) -> str:
    """Return an error's message, which may quote what was asked, and so is content."""
    return cut(failure.message) if failure is not None and content else ""
