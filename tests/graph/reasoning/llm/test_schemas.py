"""The forms of the models' replies."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from graph.reasoning.llm.schemas import JudgeReply, PartReply, PlanReply, Reply, ResolveReply
from graph.reasoning.llm.sql_replies import SqlReply

FORMS: tuple[type[Reply], ...] = (PlanReply, ResolveReply, JudgeReply, SqlReply)
REFUSED_BY_STRICT_MODE = {
    *("default", "minLength", "maxLength", "minItems", "maxItems", "pattern", "format", "oneOf", "allOf"),
    *("patternProperties", "unevaluatedProperties", "prefixItems", "uniqueItems", "not"),
}
"""Keywords that OpenAI's strict mode, or an endpoint that imitates it, does not accept."""
PART: dict[str, Any] = {
    "question": "What is it?",
    "needs": [],
    "knowledge_bases": [{"name": "rules", "probability": 0.9}],
    "database": 0.1,
    "rewrites": [],
    "hypothetical_answer": "It is this. It is that.",
    "products": [],
    "versions": [],
}
PLAN: dict[str, Any] = {
    "standalone_question": "What is it?",
    "small_talk": False,
    "in_scope": 0.9,
    "as_of": None,
    "parts": [PART],
}


def schemas(node: object) -> Iterator[dict[str, Any]]:
    """Yield every schema inside a schema."""
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from schemas(child)
    elif isinstance(node, list):
        for child in node:
            yield from schemas(child)


@pytest.mark.parametrize("form", FORMS)
def test_forms_are_acceptable_to_strict_mode(form: type[Reply]) -> None:
    """Every key is required and declared, and no keyword is used that is not known there."""
    schema = form.model_json_schema()
    assert schema["type"] == "object"
    for node in schemas(schema):
        if "properties" in node and node.get("type") == "object":
            assert node["additionalProperties"] is False
            assert node["required"] == list(node["properties"])
            assert not set(node) & REFUSED_BY_STRICT_MODE
        if isinstance(node.get("type"), str):
            assert not set(node) & REFUSED_BY_STRICT_MODE
            assert node["type"] != "object" or "properties" in node


def test_a_key_that_was_not_asked_for_is_refused() -> None:
    """Such as a tool that the reply would like to have called."""
    with pytest.raises(ValidationError):
        PlanReply.model_validate(PLAN | {"tool": "delete"})
    with pytest.raises(ValidationError):
        PlanReply.model_validate(PLAN | {"parts": [PART | {"sql": "SELECT 1"}]})


@pytest.mark.parametrize("key", sorted(PLAN))
def test_a_missing_key_is_refused(key: str) -> None:
    """Nothing is made up for it."""
    with pytest.raises(ValidationError):
        PlanReply.model_validate({name: value for name, value in PLAN.items() if name != key})


@pytest.mark.parametrize("number", ["NaN", "Infinity", '"much"'])
def test_what_is_no_number_is_refused(number: str) -> None:
    """Probabilities are compared with one another."""
    with pytest.raises(ValidationError):
        PlanReply.model_validate_json(json.dumps(PLAN).replace("0.9", number))


def test_texts_become_one_line_without_markers_and_long_ones_are_cut() -> None:
    """A reply that says too much is still of use."""
    reply = PartReply.model_validate(
        PART
        | {
            "question": "What\nis ˆit?" + " really" * 1000,
            "rewrites": ["", "Which oneˆis it?", "b", "c"],
            "products": ["Moorˆ2", " ", *"abcdefghij"],
            "hypothetical_answer": "",
        }
    )
    assert reply.question.startswith("What is it? really")
    assert len(reply.question) <= 500
    assert reply.rewrites == ["Which one is it?", "b"]
    assert reply.products == ["Moor 2", *"abcdefg"]
    assert reply.hypothetical_answer == ""


def test_at_most_four_sub_questions_are_kept() -> None:
    """The first ones."""
    parts = [PART | {"question": f"Question {number}?"} for number in range(9)]
    reply = PlanReply.model_validate(PLAN | {"parts": parts})
    assert [part.question for part in reply.parts] == [f"Question {number}?" for number in range(4)]


def test_a_verdict_is_one_of_three() -> None:
    """Anything else is no verdict."""
    claim = {"number": 1, "reason": "", "verdict": "supported"}
    assert JudgeReply.model_validate({"claims": [claim]}).claims[0].verdict == "supported"
    with pytest.raises(ValidationError):
        JudgeReply.model_validate({"claims": [claim | {"verdict": "fine"}]})
