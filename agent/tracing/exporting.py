"""A recording as a file for another machine, with or without personal data; and a file as a recording."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import orjson

from agent.recording.encoding import DEEPEST, digest_of, from_json, key_of, to_json
from agent.recording.recording import Call, Changes, Failure, Json, Parent, Recording, Step
from agent.recording.states import redigested
from agent.tracing.checking import check_whole
from agent.tracing.scrubbing import EVERYTHING, Scrubber
from tools.errors import InvalidInput

LARGEST = 64 * 2**20
"""Bytes of a file that is read; most recordings take less than one million."""
NOBODY = "somebody"
"""Owner of a scrubbed recording."""
PAIR = 2
"""Name and value of an attribute."""
_TEXTS: Mapping[type, tuple[str, ...]] = {
    Recording: (
        *("thread_id", "question", "answer", "failure", "initial", "steps", "calls", "parent"),
        "attachments",
    ),
    Step: ("payload", "update", "paused", "failure"),
    Call: ("request", "response", "failure", "spent"),
    Failure: ("message", "details"),
    Parent: ("changes",),
    Changes: ("state", "prompts", "configuration"),
}
"""Fields that hold what people, documents and models said."""
_MEMBERS: Mapping[str, type] = {
    "steps": Step,
    "calls": Call,
    "failure": Failure,
    "parent": Parent,
    "changes": Changes,
}
"""Fields of a file that hold objects of a fixed form."""


def exported(recording: Recording, *, scrub: bool) -> bytes:
    """Write a recording as one JSON file that stands alone.

    Args:
        recording: What to write.
        scrub: Replace everything personal that can be recognised, and whose recording it is. What was
            recorded then fits the replaced values as it can: a replay says where it does not.
    """
    return to_json(scrubbed(recording) if scrub else recording)


def imported(content: bytes) -> Recording:
    """Read a file that `exported` wrote, here or elsewhere; it may be anything.

    Raises:
        InvalidInput: It is too large or too deep, no recording, of another version, or says what cannot
            be; the message names the place.
    """
    if len(content) > LARGEST:
        raise InvalidInput(f"the file is larger than {LARGEST >> 20} MB, which no recording is")
    try:
        written = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise InvalidInput("the file is not JSON; name one that plumbline trace export wrote") from error
    _check_depth(written)
    _check_names(written)
    recording = from_json(content)
    check_whole(recording)
    return recording


def scrubbed(recording: Recording) -> Recording:
    """Return a recording without anything personal that can be recognised, with digests that fit it."""
    clean = _with_texts(recording, Scrubber(EVERYTHING, {}).value(_texts(recording)))
    attached = {digest: digest_of(value) for digest, value in clean.attachments.items()}
    return redigested(
        replace(
            clean,
            owner=NOBODY,
            attributes=_nobodys(clean.attributes),
            calls=[_call(call, attached) for call in clean.calls],
            setup=attached.get(clean.setup, clean.setup),
            knowledge=attached.get(clean.knowledge, clean.knowledge),
            attachments={attached[digest]: value for digest, value in clean.attachments.items()},
            scrubbed=True,
        )
    )


def _texts(value: Json) -> Json:
    """Return what a recording, and everything in it, says."""
    if type(value) in _TEXTS:
        return {name: _texts(getattr(value, name)) for name in _TEXTS[type(value)]}
    return [_texts(each) for each in value] if _holds_parts(value) else value


def _with_texts(value: Json, texts: Json) -> Any:  # noqa: ANN401 - of the type of `value`, or JSON
    if type(value) in _TEXTS:
        names = _TEXTS[type(value)]
        return replace(value, **{name: _with_texts(getattr(value, name), texts[name]) for name in names})
    if _holds_parts(value):
        return [_with_texts(each, clean) for each, clean in zip(value, texts, strict=True)]
    return texts


def _holds_parts(value: Json) -> bool:
    return isinstance(value, list | tuple) and bool(value) and type(value[0]) in _TEXTS


def _call(call: Call, attached: Mapping[str, str]) -> Call:
    """Return a call of nobody in particular, with digests that fit its content."""
    request, response = dict(call.request), call.response
    if isinstance(asker := request.get("principal"), Mapping) and "attributes" in asker:
        request["principal"] = {**asker, "attributes": _nobodys(asker["attributes"])}
    if isinstance(response, Mapping) and set(response) == {"$attachment"}:
        response = {"$attachment": attached.get(response["$attachment"], response["$attachment"])}
    key = key_of(call.port, call.method, request)
    return replace(call, request=request, response=response, key=key)


def _nobodys(attributes: Sequence[Sequence[Json]]) -> list[list[Json]]:
    """Return attributes of the same names and types that say nothing."""
    pairs = [pair for pair in attributes if len(pair) == PAIR]
    return [[name, None if value is None else type(value)()] for name, value in pairs]


def _check_depth(written: Json) -> None:
    """See that a file is no deeper than what is recorded, without going down into it."""
    level, depth = [written], 0
    while level:
        if depth > DEEPEST:
            raise InvalidInput("the recording is nested too deeply; export the run again")
        level = [
            each
            for value in level
            if isinstance(value, dict | list)
            for each in (value.values() if isinstance(value, dict) else value)
        ]
        depth += 1


def _check_names(written: Json) -> None:
    """See that a file says nothing beyond what is known: it may come from a newer version."""
    if not isinstance(written, dict):
        return
    unknown = [name for name in written if name not in ("format", "recording", "passages")]
    unknown += _unknown(written.get("recording"), Recording, "recording")
    if unknown:
        raise InvalidInput(
            f"the file says {unknown[0][:80]!r}, which nobody knows here; export the run again"
        )


def _unknown(written: Json, kind: type, place: str) -> Iterator[str]:
    """Yield the places of what is no field of an object of this form."""
    if not isinstance(written, dict):
        return
    known = {field.name for field in fields(kind)}
    for name, value in written.items():
        here = f"{place}.{name}"
        if name not in known:
            yield here
        elif name in _MEMBERS:
            for each in value if isinstance(value, list) else [value]:
                yield from _unknown(each, _MEMBERS[name], here)
