"""From a form to a request for it, and from a reply back to the form."""

import json
import re
from collections.abc import Sequence
from typing import Any, get_args

from openai import pydantic_function_tool
from pydantic import BaseModel, ValidationError

from tools.models.abilities import Method
from tools.ports import ReplyType
from tools.types import Message

METHODS: tuple[Method, ...] = get_args(Method)
"""Strictest first."""
ECHO_CHARACTERS = 4_000
"""Of a reply that is sent back for correction."""
PROBLEMS = 5
"""That a model is told at once."""

_FENCED = re.compile(r"```(?:json)?\s*(?P<inside>.*?)\s*```", re.DOTALL | re.IGNORECASE)


class Misfit(Exception):
    """A reply is not of the form; the text says why, without the reply's values."""


def asking_for(form: type[BaseModel], method: Method) -> dict[str, Any]:
    """Return the fields of a request that asks for the form."""
    tool = pydantic_function_tool(form, name=_name(form))
    name, schema = tool["function"]["name"], tool["function"].get("parameters", {})
    if method == "tool":
        return {"tools": [tool], "tool_choice": {"type": "function", "function": {"name": name}}}
    if method == "json_object":
        return {"response_format": {"type": "json_object"}}
    described = {"name": name, "strict": True, "schema": schema}
    return {"response_format": {"type": "json_schema", "json_schema": described}}


def with_schema(messages: Sequence[Message], form: type[BaseModel], method: Method) -> tuple[Message, ...]:
    """Return the messages; with the schema in the first, system one where the request cannot carry it.

    Some chat templates know one system message at most, and that it comes first.
    """
    if method != "json_object":
        return tuple(messages)
    schema = json.dumps(form.model_json_schema(), ensure_ascii=False)
    told = f"Reply with one JSON object and nothing else. It must fit this JSON schema:\n{schema}"
    if messages and messages[0].role == "system":
        return (Message(role="system", text=f"{messages[0].text}\n\n{told}"), *messages[1:])
    return (Message(role="system", text=told), *messages)


def correction(reply: str, misfit: Misfit) -> tuple[Message, Message]:
    """Return the reply and what is wrong with it, for the model to correct."""
    return (
        Message(role="assistant", text=reply[:ECHO_CHARACTERS]),
        Message(
            role="user",
            text=f"That reply cannot be used:\n{misfit}\nReply with the corrected JSON and nothing else.",
        ),
    )


def looks_typed(reply: str) -> bool:
    """Tell whether a reply is JSON or at least begins as an object; prose does not."""
    bare = _bare(reply)
    if bare.startswith("{"):
        return True
    try:
        json.loads(bare)
    except ValueError:
        return False
    return True


def read(reply: str, form: type[ReplyType]) -> ReplyType:
    """Return the reply as an object of the form.

    Raises:
        Misfit: It is not complete JSON, or not of the form.
    """
    try:
        return form.model_validate_json(_bare(reply))
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        lines = [f"{'.'.join(map(str, each['loc'])) or 'reply'}: {each['msg']}" for each in problems]
        raise Misfit("\n".join(lines[:PROBLEMS])) from error


def _name(form: type[BaseModel]) -> str:
    """Return a name for the form that OpenAI takes."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", form.__name__)[:64]


def _bare(reply: str) -> str:
    """Take a reply out of the code fence that models like to put around all of it."""
    fenced = _FENCED.fullmatch(reply.strip())
    return fenced["inside"] if fenced else reply.strip()
