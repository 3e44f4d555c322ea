"""Recordings as bytes: packed for the database, or as one JSON file that stands alone."""

import zlib
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from agent.recording.recording import Json, Recording
from agent.recording.summary import Packed, Summary
from agent.recording.values import Passage, canonical, digest_of, key_of
from tools.errors import InvalidInput

__all__ = [
    "attachment_bytes",
    "attachment_value",
    "digest_of",
    "from_json",
    "key_of",
    "pack",
    "summary_of",
    "to_json",
    "unpack",
]
FORMAT = 1
"""Of the file; raise it when older readers would misunderstand it."""
LEVEL = 1
"""Of compression: fast, and four fifths of what can be saved."""
DEEPEST = 60
"""Nesting of a file that is read; what is recorded is a third as deep."""
LARGEST = 256 * 2**20
"""Bytes of a document once it is unpacked."""
_PASSAGE = "$passage"
_READER = TypeAdapter(Recording)


def pack(recording: Recording, summary: Summary) -> Packed:
    """Pack a recording for the database; its attachments are kept apart."""
    document = zlib.compress(_written(replace(recording, attachments={})), LEVEL)
    return Packed(
        summary=replace(summary, bytes=len(document)),
        document=document,
        attachments=tuple(sorted(recording.attachments)),
    )


def unpack(document: bytes, attachments: Mapping[str, Json]) -> Recording:
    """Return what was packed.

    Args:
        document: The packed recording.
        attachments: Digest → value of what it refers to.

    Raises:
        InvalidInput: It is none, or was written by a newer version.
    """
    engine = zlib.decompressobj()
    try:
        written = engine.decompress(document, LARGEST)
    except zlib.error as error:
        raise InvalidInput("the recording is damaged; delete it") from error
    if not engine.eof:
        raise InvalidInput("the recording is cut off or too large; delete it")
    return replace(_read(written), attachments=attachments)


def to_json(recording: Recording) -> bytes:
    """Write a recording as one file that stands alone."""
    return _written(recording)


def from_json(content: bytes) -> Recording:
    """Read a file that `to_json` wrote, here or elsewhere.

    Raises:
        InvalidInput: It is none, or says what cannot be; the message names the place.
    """
    recording = _read(content)
    for digest, value in recording.attachments.items():
        if digest_of(value) != digest:
            raise InvalidInput(f"attachment {digest[:40]!r} is not what its digest says; export it again")
    return recording


def attachment_bytes(value: Json) -> bytes:
    """Pack an attachment."""
    return zlib.compress(canonical(value), LEVEL)


def attachment_value(packed: bytes) -> Json:
    """Return what was packed.

    Raises:
        InvalidInput: It is damaged.
    """
    try:
        return orjson.loads(zlib.decompress(packed))
    except (zlib.error, orjson.JSONDecodeError) as error:
        raise InvalidInput("an attachment of the recording is damaged; delete the recording") from error


def summary_of(recording: Recording, *, imported: bool = False) -> Summary:
    """Return what lists show of a recording."""
    answer = recording.answer or {}
    usage, route = _of(answer, "usage"), _of(answer, "route")
    return Summary(
        run_id=recording.run_id,
        thread_id=recording.thread_id,
        owner=recording.owner,
        kind=recording.kind,
        parent=recording.parent.run_id if recording.parent is not None else None,
        question=recording.question,
        outcome=recording.outcome,
        status=str(answer.get("status", recording.outcome)),
        route=str(route.get("category", "")),
        mode=str(answer.get("mode", "")),
        degraded=answer.get("degraded") is True,
        faithfulness=_number(answer.get("faithfulness")) if recording.answer else None,
        exit_reason=str(answer.get("exit_reason", "")),
        error=recording.failure.message if recording.failure is not None else None,
        started=recording.started,
        duration_ms=recording.duration_ms,
        steps=len(recording.steps),
        calls=len(recording.calls),
        model_calls=int(_number(usage.get("model_calls"))),
        input_tokens=int(_number(usage.get("input_tokens"))),
        output_tokens=int(_number(usage.get("output_tokens"))),
        cost_usd=_number(usage.get("cost_usd")),
        scrubbed=recording.scrubbed,
        imported=imported,
    )


def _of(value: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    found = value.get(name)
    return found if isinstance(found, Mapping) else {}


def _number(value: Json) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _written(recording: Recording) -> bytes:
    """Write a recording; every passage once."""
    numbers: dict[int, int] = {}
    passages: list[Json] = []

    def short(value: Any) -> Json:  # noqa: ANN401 - whatever orjson does not write by itself
        if isinstance(value, Passage):
            if id(value) not in numbers:
                numbers[id(value)] = len(passages)
                passages.append(dict(value))
            return {_PASSAGE: numbers[id(value)]}
        raise TypeError(type(value).__name__)

    whole = {one.name: getattr(recording, one.name) for one in fields(recording)}
    options = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_NON_STR_KEYS
    body = orjson.dumps(whole, default=short, option=options)
    return b'{"format":%d,"recording":%s,"passages":%s}' % (FORMAT, body, orjson.dumps(passages))


def _read(content: bytes) -> Recording:
    try:
        written = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise InvalidInput("the file is not JSON; name one that plumbline trace export wrote") from error
    if not isinstance(written, dict) or not isinstance(written.get("recording"), dict):
        raise InvalidInput("the file is no recording; name one that plumbline trace export wrote")
    if written.get("format") != FORMAT:
        raise InvalidInput("the recording was written by another version of Plumbline; install that")
    passages = written.get("passages")
    given = passages if isinstance(passages, list) else []
    kept = [Passage(_whole(one, [], depth=0)) if isinstance(one, dict) else one for one in given]
    try:
        return _READER.validate_python(_whole(written["recording"], kept, depth=0))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])[:120]
        raise InvalidInput(f"the recording says at {place}: {first['msg']}; export the run again") from error


def _whole(value: Json, passages: list[Json], *, depth: int) -> Json:
    """Return a value with its passages in place."""
    if depth > DEEPEST:
        raise InvalidInput("the recording is nested too deeply; export the run again")
    if isinstance(value, list):
        return [_whole(each, passages, depth=depth + 1) for each in value]
    if not isinstance(value, dict):
        return value
    number = value.get(_PASSAGE)
    if len(value) == 1 and isinstance(number, int) and not isinstance(number, bool):
        if not 0 <= number < len(passages):
            raise InvalidInput("the recording refers to a passage that it does not hold; export it again")
        return passages[number]
    return {key: _whole(each, passages, depth=depth + 1) for key, each in value.items()}
