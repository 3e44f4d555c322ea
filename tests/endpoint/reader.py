"""A model of few talents for tests and benchmarks: it reads the real prompts and answers by quoting them.

It plans one part, writes the sentences of the sources that share most words with the question, and finds
every claim supported; it writes no SQL. So it answers much worse than a language model, but in the right
form, and whatever is measured with it is the program and not the model.
"""

import json
import re
from collections.abc import Callable

from tests.endpoint.replies import Reply, Request
from tools.text.sentences import units
from tools.text.words import stem_set

_BLOCK = re.compile(r"<(?P<tag>\w+)(?P<attributes>[^>]*)>\n(?P<text>.*?)\n</(?P=tag)>", re.DOTALL)
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_MARKER = re.compile(r"^Marker: (.)$", re.MULTILINE)
_BASE = re.compile(r"^- (\w+): ", re.MULTILINE)


def reader(*, first_token_seconds: float = 0.0, token_seconds: float = 0.0) -> Callable[[Request], Reply]:
    """Return a responder that reads the prompt; a token comes every so often after the first."""

    def respond(request: Request) -> Reply:
        return Reply(
            _reply(request),
            delay_seconds=first_token_seconds,
            chunk_delay_seconds=token_seconds,
            chunk_characters=5,
        )

    return respond


def blocks(message: str) -> list[tuple[str, dict[str, str], str]]:
    """Return the blocks of a prompt's message: tag, attributes, and text without its markers."""
    found = _MARKER.search(message)
    plain = message.replace(found.group(1), " ") if found else message
    return [
        (match["tag"], dict(_ATTRIBUTE.findall(match["attributes"])), match["text"])
        for match in _BLOCK.finditer(plain)
    ]


def _reply(request: Request) -> str:
    given = _last_given(request, but="objection")
    tags = {tag for tag, _, _ in given}
    if "claim" in tags:
        return _judged(given)
    if "source" in tags:
        return _written(given)
    if "schema" in tags:
        return _declined()
    return _planned(request.messages[0]["content"], given)


def _last_given(request: Request, *, but: str) -> list[tuple[str, dict[str, str], str]]:
    """Return the blocks of the last message that has any: objections and corrections follow it."""
    read = (blocks(message["content"]) for message in reversed(request.messages) if message["role"] == "user")
    return next(given for given in read if any(tag != but for tag, _, _ in given))


def _planned(system: str, given: list[tuple[str, dict[str, str], str]]) -> str:
    question = next(text for tag, _, text in given if tag == "question")
    bases = _BASE.findall(system.partition("# Knowledge bases")[2].partition("\n\n#")[0])
    part = {
        "question": question,
        "needs": [],
        "knowledge_bases": [{"name": name, "probability": 0.7} for name in bases],
        "database": 0.3,
        "rewrites": [],
        "hypothetical_answer": "",
        "products": [],
        "versions": [],
    }
    plan = {
        "standalone_question": question,
        "small_talk": False,
        "in_scope": 0.9,
        "as_of": None,
        "parts": [part],
    }
    return json.dumps(plan)


def _judged(given: list[tuple[str, dict[str, str], str]]) -> str:
    numbers = [int(attributes["number"]) for tag, attributes, _ in given if tag == "claim"]
    return json.dumps(
        {"claims": [{"number": number, "reason": "", "verdict": "supported"} for number in numbers]}
    )


def _written(given: list[tuple[str, dict[str, str], str]]) -> str:
    question = next(text for tag, _, text in given if tag == "question")
    parts = [text for tag, _, text in given if tag == "part"] or [question]
    answers = [_quoted(part, given) for part in parts]
    if len(parts) == 1:
        return answers[0]
    return "\n\n".join(f"## {number}\n{answer}" for number, answer in enumerate(answers, start=1))


def _declined() -> str:
    """Write no SQL: that takes more talent."""
    steps = {"columns": [], "tables": [], "understood": False, "why_not": "not asked of this reader"}
    return json.dumps({**steps, "sql": "", "description": ""})


def _quoted(question: str, given: list[tuple[str, dict[str, str], str]]) -> str:
    """Return the two sentences with most of the question's words, or the refusal the prompt asks for."""
    wanted = stem_set(question)
    found = [
        (len(wanted & stem_set(unit.text)), -place, unit.text, attributes["id"])
        for place, (tag, attributes, text) in enumerate(given)
        if tag == "source"
        for unit in units(text)
        if unit.kind in ("sentence", "item", "step")
    ]
    best = [one for one in sorted(found, reverse=True)[:2] if one[0]]
    return " ".join(f"{text.rstrip('.')}. [{number}]" for _, _, text, number in best) or "NOT ANSWERED"
