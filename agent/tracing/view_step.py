"""One step of a recording, whole."""

import json
from collections.abc import Mapping, Sequence
from typing import Literal

from agent.recording.recording import Call, Json, Recording, Step
from agent.recording.states import states_of
from agent.tracing.changes import changed_lines
from agent.tracing.critical import CriticalPath, critical_path
from agent.tracing.reading import (
    LONGEST,
    listed,
    mapped,
    number,
    objects,
    optional_number,
    optional_text,
    shown,
    text,
)
from agent.tracing.retrieval import retrieval_given, weigh_again
from agent.tracing.view_claims import claims_given
from agent.tracing.view_entries import call_entry, setup_of, step_entry
from agent.tracing.view_sql import sql_given
from agent.tracing.views import CallGiven, ChannelChange, MessageGiven, PromptGiven, StepGiven
from agent.tracing.views_found import HitGiven, Retrieval, SearchGiven
from tools.errors import InvalidInput, NotFound
from tools.types import Message, Prompt

SEARCHING: Mapping[str, str] = {"prefetch": "prefetched", "retrieve": "retrieved"}
"""Nodes that search, with the channel that takes what they find."""
_ROLES: Mapping[str, Literal["system", "user", "assistant"]] = {"system": "system", "assistant": "assistant"}


def step_given(recording: Recording, step_number: int) -> StepGiven:
    """Show one step with its state, its calls and what is known of its kind.

    Raises:
        NotFound: There is no such step.
    """
    place = next((at for at, one in enumerate(recording.steps) if one.number == step_number), None)
    if place is None:
        raise NotFound(f"run {recording.run_id} has no step {step_number}; it has {len(recording.steps)}")
    step, path = recording.steps[place], critical_path(recording)
    before, after = states_of(recording)[place]
    told_before, told_after = shown(before), shown(after)
    calls = [call for call in recording.calls if call.step == step.number]
    entry = step_entry(step, path)
    return StepGiven(
        **{name: getattr(entry, name) for name in type(entry).model_fields},
        payload=shown(step.payload),
        before=told_before,
        after=told_after,
        changes=[
            ChannelChange(
                channel=name,
                before=told_before.get(name),
                after=told_after.get(name),
                lines=changed_lines(before.get(name), after.get(name)),
            )
            for name in dict.fromkeys([*before, *after])
            if before.get(name) is not after.get(name) and before.get(name) != after.get(name)
        ],
        update=None if step.update is None else shown(step.update),
        calls=[_call(call, path, recording.attachments) for call in calls],
        retrieval=_retrieval(step, before, calls, recording),
        searches=_searches(step),
        sql=sql_given(calls),
        claims=claims_given(step, before, recording),
    )


def _call(call: Call, path: CriticalPath, attachments: Mapping[str, Json]) -> CallGiven:
    entry = call_entry(call, path)
    return CallGiven(
        **{name: getattr(entry, name) for name in type(entry).model_fields},
        request=shown(call.request, attachments),
        response=shown(call.response, attachments),
        prompt=_prompt(call) if call.port == "chat" else None,
        completion=_completion(call.response) if call.port == "chat" else None,
    )


def _prompt(call: Call) -> PromptGiven | None:
    """Return a prompt as it was sent, with the hash that identifies its text."""
    asked = mapped(call.request, "prompt")
    messages = objects(asked.get("messages"))
    if not asked:
        return None
    sent = tuple(
        Message(role=_ROLES.get(text(one.get("role")), "user"), text=text(one.get("text")))
        for one in messages
    )
    prompt = Prompt(name=text(asked.get("name")), messages=sent)
    return PromptGiven(
        name=prompt.name,
        hash=prompt.hash,
        messages=[MessageGiven(role=one.role, text=one.text[:LONGEST]) for one in sent],
    )


def _completion(response: Json) -> str | None:
    """Return a reply as text: whole, in the pieces of a stream, or as an object."""
    if response is None or isinstance(response, str):
        return optional_text(response)
    if isinstance(response, list):
        return "".join(text(piece) for piece in response)
    return json.dumps(response, ensure_ascii=False, indent=2)


def _retrieval(
    step: Step, before: Mapping[str, Json], calls: Sequence[Call], recording: Recording
) -> Retrieval | None:
    """Return the inspector of a ranking; None where the state is not one that can be ranked again."""
    if step.node != "rerank" or step.failure is not None:
        return None
    try:
        return retrieval_given(weigh_again(before, calls, setup_of(recording)))
    except InvalidInput:
        return None  # the findings of the recording say so


def _searches(step: Step) -> list[SearchGiven] | None:
    channel = SEARCHING.get(step.node)
    if channel is None or step.handles:
        return None
    return [
        SearchGiven(
            query=text(one.get("query")),
            knowledge_base=text(one.get("knowledge_base")),
            shortfall=optional_text(one.get("shortfall")),
            hits=[_hit(place, hit) for place, hit in enumerate(objects(one.get("hits")), start=1)],
        )
        for one in objects(mapped(step.update).get(channel))
    ]


def _hit(place: int, hit: Mapping[str, Json]) -> HitGiven:
    chunk, scores = mapped(hit, "chunk"), mapped(hit, "explanation")
    return HitGiven(
        rank=place,
        chunk_id=text(chunk.get("id")),
        source=text(chunk.get("source")),
        title=text(chunk.get("title")),
        section=" › ".join(text(each) for each in listed(chunk.get("section"))),
        text=text(chunk.get("text"))[:LONGEST],
        score=number(hit.get("score")),
        dense=optional_number(scores.get("dense")),
        bm25=optional_number(scores.get("bm25")),
        fused=optional_number(scores.get("fused")),
    )
