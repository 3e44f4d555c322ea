"""Recordings: list, look at one, run it again, change a step, compare, keep as a test, export, import."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response

from agent.access.caller import Caller
from agent.api.bodies import read_file
from agent.api.leaving import while_waited_for
from agent.api.models_traces import (
    EXAMPLE,
    FILE,
    ForkTaken,
    KeepGiven,
    KeepTaken,
    OtherId,
    ReplayGiven,
    StepNumber,
    TraceId,
    TracesGiven,
    WantedTraces,
)
from agent.api.security import AdminCaller, TheHost, TracesCaller
from agent.tracing.diffing import Comparison
from agent.tracing.views import StepGiven, TraceGiven, TraceSummary
from tools.errors import AccessDenied, InvalidInput

router = APIRouter(prefix="/api/traces", tags=["traces"])
LARGEST_FILE = 64 * 2**20
"""Bytes of a recording that is imported."""
IMPORT = f"{router.prefix}/import"
Scrub = Annotated[bool, Query(description="Whether personal data is replaced.")]


@router.get("")
async def list_traces(caller: TracesCaller, host: TheHost, wanted: WantedTraces) -> TracesGiven:
    """List recordings, latest first: the caller's, or with scope admin those of everybody."""
    if wanted.everybody and "admin" not in caller.scopes:
        raise AccessDenied("those of everybody need the scope admin; leave everybody out, or use such a key")
    page = await host.traces.page(
        wanted.as_conditions(),
        owner=None if wanted.everybody else caller.owner,
        cursor=wanted.cursor,
        limit=wanted.limit,
    )
    return TracesGiven(
        traces=[TraceSummary.of(summary) for summary in page.items],
        next=page.next,
        routes=host.traces.routes,
    )


@router.get("/{run_id}")
async def read_trace(caller: TracesCaller, host: TheHost, run_id: TraceId) -> TraceGiven:
    """Show a recording: the path it took, its steps and calls, and what stands out."""
    return await host.traces.trace(run_id, owner=_owner(caller))


@router.get("/{run_id}/steps/{number}")
async def read_step(caller: TracesCaller, host: TheHost, run_id: TraceId, number: StepNumber) -> StepGiven:
    """Show a step: what it was given, what it wrote, and what it asked of the outside."""
    return await host.traces.step(run_id, number, owner=_owner(caller))


@router.get(
    "/{run_id}/export",
    response_class=Response,
    responses={
        200: {
            "content": {"application/json": {"schema": {"type": "object"}}},
            "description": "The recording as a file, which can be imported here or elsewhere",
        }
    },
)
async def export_trace(
    caller: TracesCaller, host: TheHost, run_id: TraceId, scrub: Scrub = False
) -> Response:
    """Export a recording as one file."""
    content = await host.traces.export(run_id, scrub=scrub, owner=_owner(caller))
    named = {"Content-Disposition": f'attachment; filename="trace-{run_id}.json"'}
    return Response(content, media_type="application/json", headers=named)


@router.post("/import", status_code=201, responses={201: EXAMPLE}, openapi_extra={"requestBody": FILE})
async def import_trace(caller: AdminCaller, host: TheHost, request: Request) -> TraceSummary:
    """Import a recording of up to 64 MB; it becomes the caller's own."""
    content = await read_file(request, largest=LARGEST_FILE)
    try:
        return TraceSummary.of(await host.traces.take_in(content, owner=caller.owner))
    except InvalidInput as error:
        raise HTTPException(400, str(error)) from error


@router.post("/{run_id}/replay")
async def replay_trace(caller: TracesCaller, host: TheHost, run_id: TraceId, request: Request) -> ReplayGiven:
    """Run the graph again on what was recorded: without network and model, to the first difference."""
    work = host.traces.replay(run_id, owner=_owner(caller))
    return ReplayGiven.of(await while_waited_for(request, work))


@router.post("/{run_id}/fork", status_code=201, responses={201: EXAMPLE})
async def fork_trace(
    caller: TracesCaller, host: TheHost, run_id: TraceId, taken: ForkTaken, request: Request
) -> TraceSummary:
    """Run the graph again from a step on with something changed; what stays equal is not asked anew."""
    work = host.traces.fork(
        run_id,
        taken.step,
        taken.as_changes(),
        owner=_owner(caller),
        principal=None if "admin" in caller.scopes else caller.principal,
    )
    return TraceSummary.of(await while_waited_for(request, work))


@router.get("/{run_id}/diff/{other_id}")
async def compare_traces(
    caller: TracesCaller, host: TheHost, run_id: TraceId, other_id: OtherId
) -> Comparison:
    """Compare two recordings: steps, state, evidence, answer, time and cost."""
    return await host.traces.diff(run_id, other_id, owner=_owner(caller))


@router.post("/{run_id}/keep")
async def keep_trace(
    caller: TracesCaller, host: TheHost, run_id: TraceId, taken: KeepTaken | None = None
) -> KeepGiven:
    """Make a recording an evaluation case, added to the file that `tracing.cases` names."""
    taken = taken or KeepTaken()
    kept = await host.traces.keep(run_id, owner=_owner(caller), case_id=taken.id, note=taken.note)
    return KeepGiven(case=kept.case, file=kept.file)


@router.delete("/{run_id}", status_code=204)
async def delete_trace(caller: TracesCaller, host: TheHost, run_id: TraceId) -> None:
    """Delete a recording; the conversation stays."""
    await host.traces.delete(run_id, owner=_owner(caller))


def _owner(caller: Caller) -> str | None:
    """Return whose recordings may be named; None when everybody's."""
    return None if "admin" in caller.scopes else caller.owner
