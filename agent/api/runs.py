"""Runs, the work on one message each: look, follow, cancel, rate."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from pydantic import BeforeValidator, Field

from agent.api.models import FeedbackGiven, RunId
from agent.api.models_runs import FeedbackTaken, RunGiven
from agent.api.security import ChatCaller, TheHost
from agent.api.sse import EVENTS, EventStream, encoded

router = APIRouter(prefix="/api/runs", tags=["runs"])
FURTHEST = 2**31 - 1
Place = Annotated[int, Query(ge=0, le=FURTHEST, description="Skip events up to this one.")]
LastEventId = Annotated[
    Annotated[int, Field(ge=0, le=FURTHEST)] | None,
    BeforeValidator(lambda sent: sent or None),  # some clients send it empty at first
    Header(description="The last event that was received; wins over `after`."),
]


@router.get("/{run_id}")
async def read_run(caller: ChatCaller, host: TheHost, run_id: RunId) -> RunGiven:
    """Tell how a run stands."""
    return RunGiven.of(await host.conversations.run(caller, run_id))


@router.get(
    "/{run_id}/events",
    status_code=200,
    response_class=EventStream,
    responses={
        200: {**EVENTS, "description": "What happened and happens, to the end of the run"},
        204: {"description": "The run has ended, and all of it was received"},
    },
)
async def follow_run(
    caller: ChatCaller,
    host: TheHost,
    run_id: RunId,
    after: Place = 0,
    last_event_id: LastEventId = None,
) -> Response:
    """Follow a run from any place on, also after a connection was lost."""
    place = after if last_event_id is None else last_event_id
    run = await host.conversations.run(caller, run_id)
    if run.status != "running" and not await host.storage.runs.events(
        run_id, owner=caller.owner, after=place
    ):
        return Response(status_code=204)  # a browser would connect again and again
    return EventStream(encoded(host.conversations.follow(caller, run_id, after=place)))


@router.post("/{run_id}/cancel")
async def cancel_run(caller: ChatCaller, host: TheHost, run_id: RunId) -> RunGiven:
    """End a run; one that has ended stays as it is."""
    return RunGiven.of(await host.conversations.cancel(caller, run_id))


@router.post("/{run_id}/feedback")
async def rate_run(caller: ChatCaller, host: TheHost, run_id: RunId, taken: FeedbackTaken) -> FeedbackGiven:
    """Say what the answer is worth; a second time replaces the first."""
    feedback = await host.conversations.rate(
        caller, run_id, thumb=taken.thumb, reason=taken.reason, correction=taken.correction
    )
    return FeedbackGiven.of(feedback)
