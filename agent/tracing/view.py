"""A recording as a whole: light, without states, requests and responses."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import ValidationError

from agent.answer import Answer
from agent.recording.recording import Json, Parent, Recording
from agent.recording.states import channels
from agent.recording.summary import Summary
from agent.rendering import text_to_html, to_html
from agent.storage.records import Feedback
from agent.tracing.critical import critical_path
from agent.tracing.findings import find
from agent.tracing.picture import draw
from agent.tracing.reading import excerpt, mapped, shown, text
from agent.tracing.view_entries import call_entry, failure_given, setup_of, step_entry
from agent.tracing.views import FeedbackGiven, ParentGiven, TraceGiven, TraceSummary

TEXTS: Mapping[str, tuple[str, ...]] = {"sql_draft": ("sql",), "sql_mend": ("sql", "sql_mend")}
"""Texts of the prompts that are not named after their only one."""


def trace_given(
    recording: Recording,
    summary: Summary,
    *,
    forks: Sequence[Summary] = (),
    feedback: Feedback | None = None,
) -> TraceGiven:
    """Show a recording.

    Args:
        recording: What is shown.
        summary: What lists say of it.
        forks: Recordings that were forked from it.
        feedback: What its owner thinks of the answer.
    """
    path = critical_path(recording)
    return TraceGiven(
        summary=TraceSummary.of(summary),
        answer=_answer(recording.answer),
        failure=failure_given(recording.failure),
        graph=draw(recording),
        steps=[step_entry(step, path) for step in recording.steps],
        calls=[call_entry(call, path) for call in recording.calls],
        findings=find(recording),
        parent=_parent(recording.parent),
        forks=[TraceSummary.of(fork) for fork in forks],
        software=dict(recording.software),
        feedback=_feedback(feedback),
        prompts=_prompts(recording),
        channels=sorted(channels()),
        configuration=dict(_flat(setup_of(recording))),
    )


def _answer(answer: Mapping[str, Json] | None) -> Json:
    """Return the answer with its HTML; one that is not of our making is shown as plain text."""
    if answer is None:
        return None
    try:
        html = to_html(Answer.model_validate(answer))
    except ValidationError:
        html = text_to_html(text(answer.get("answer")))
    return {**shown(answer), "html": html}


def _parent(parent: Parent | None) -> ParentGiven | None:
    if parent is None:
        return None
    changes = {
        "state": shown(parent.changes.state),
        "prompts": shown(parent.changes.prompts),
        "configuration": shown(parent.changes.configuration),
    }
    return ParentGiven(run_id=parent.run_id, step=parent.step, changes=changes)


def _feedback(feedback: Feedback | None) -> FeedbackGiven | None:
    if feedback is None:
        return None
    return FeedbackGiven(thumb=feedback.thumb, reason=feedback.reason, correction=feedback.correction)


def _prompts(recording: Recording) -> list[str]:
    """Return the names of the prompts' texts that went out, in the order of their first use."""
    names = (
        text(mapped(call.request, "prompt").get("name")) for call in recording.calls if call.port == "chat"
    )
    return list(dict.fromkeys(used for name in names if name for used in TEXTS.get(name, (excerpt(name),))))


def _flat(value: Json, path: str = "", depth: int = 0) -> Iterator[tuple[str, Json]]:
    """Yield the values of nested objects by their dotted keys."""
    if isinstance(value, Mapping) and value and depth < 8:
        for name, each in value.items():
            yield from _flat(each, f"{path}.{name}" if path else str(name), depth + 1)
    elif path:
        yield path, shown(value)
