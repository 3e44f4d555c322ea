"""The line of each step and of each call."""

from agent.recording.recording import Call, Failure, Json, Recording, Step
from agent.tracing.critical import CriticalPath
from agent.tracing.reading import count, number, optional_text, shown
from agent.tracing.titles import call_title, step_title
from agent.tracing.views import CallEntry, FailureGiven, StepEntry


def failure_given(failure: Failure | None) -> FailureGiven | None:
    """Render an error."""
    return None if failure is None else FailureGiven(type=failure.type, message=failure.message)


def step_entry(step: Step, path: CriticalPath) -> StepEntry:
    """Render the line of a step."""
    return StepEntry(
        number=step.number,
        superstep=step.superstep,
        place=step.place,
        node=step.node,
        attempt=step.attempt,
        handles=step.handles,
        started_ms=number(step.started_ms),
        ended_ms=number(step.ended_ms),
        failure=failure_given(step.failure),
        paused=shown(step.paused),
        source=step.source,
        digest=step.digest,
        critical=step.number in path.steps,
        title=step_title(step),
        wrote=[str(channel) for channel in step.update or ()],
    )


def call_entry(call: Call, path: CriticalPath) -> CallEntry:
    """Render the line of a call."""
    return CallEntry(
        number=call.number,
        step=call.step,
        within=call.within,
        port=call.port,
        method=call.method,
        title=call_title(call),
        started_ms=number(call.started_ms),
        ended_ms=number(call.ended_ms),
        failure=failure_given(call.failure),
        interrupted=call.interrupted,
        source=call.source,
        critical=call.number in path.calls,
        model=optional_text(call.request.get("model")),
        input_tokens=_spent(call, "input_tokens"),
        output_tokens=_spent(call, "output_tokens"),
        cost_usd=round(sum(number(one.get("cost_usd")) for one in call.spent), 9),
    )


def setup_of(recording: Recording) -> Json:
    """Return the configuration that a recording keeps."""
    return recording.attachments.get(recording.setup)


def _spent(call: Call, name: str) -> int:
    return sum(count(one.get(name)) for one in call.spent)
