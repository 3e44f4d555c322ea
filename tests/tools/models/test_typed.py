"""Typed output: the methods, how the one that works is found, and the one correction."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from pydantic import BaseModel, Field

from tests.endpoint.server import Ability, Fault, Form, Reply, Usage
from tests.endpoint.server import Endpoint as Server
from tools.errors import ModelOutputError, ModelRefused
from tools.metering import Budget, Meter
from tools.models.abilities import Abilities, AbilityMemory
from tools.models.chat import OpenAIChat
from tools.models.endpoint import Endpoint
from tools.models.typed import METHODS, Misfit, asking_for, correction, looks_typed, read, with_schema
from tools.types import Message, Prompt


class City(BaseModel):
    """A city."""

    name: str
    people: int = Field(default=0, ge=0)


class Anything(BaseModel):
    """A form that an empty object fits."""

    name: str = "nothing"


CITY = '{"name": "Ulm", "people": 129000}'
PROMPT = Prompt(
    name="plan", messages=(Message(role="system", text="Be exact."), Message(role="user", text="Which?"))
)


def opened(server: Server, memory: AbilityMemory | None = None) -> Endpoint:
    """Open the server's endpoint."""
    return Endpoint(base_url=server.base_url, timeout_seconds=5, attempts=1, memory=memory)


def forms(server: Server) -> list[Form]:
    """Return how the requests wanted their replies."""
    return [request.form for request in server.requests]


@pytest.mark.parametrize("ignores", [False, True], ids=["declines", "ignores"])
@pytest.mark.parametrize(
    ("able", "tried"),
    [
        pytest.param("json_schema", ["json_schema"], id="a strict schema"),
        pytest.param("tools", ["json_schema", "tools"], id="tool calls"),
        pytest.param("json_object", ["json_schema", "tools", "json_object"], id="JSON mode"),
    ],
)
async def test_the_first_method_that_works_is_found_and_remembered(
    able: Ability, tried: list[Form], ignores: bool, tmp_path: Path
) -> None:
    """Whether the endpoint declines the others or answers them with prose; also by the next process."""
    meter, file = Meter(), tmp_path / "abilities.json"
    with Server(lambda _request: Reply(CITY), abilities=[able], ignores=ignores) as server:
        async with opened(server, AbilityMemory(file)) as endpoint:
            chat = OpenAIChat("m", endpoint=endpoint)
            assert await chat.typed(PROMPT, City, meter=meter) == City(name="Ulm", people=129000)
            assert forms(server) == tried
            await chat.typed(PROMPT, City, meter=meter)
        async with opened(server, AbilityMemory(file)) as endpoint:
            await OpenAIChat("m", endpoint=endpoint).typed(PROMPT, City, meter=meter)
        assert forms(server) == [*tried, tried[-1], tried[-1]]
    assert [call.attempts for call in meter.calls] == [len(tried), 1, 1]


async def test_a_model_without_any_method_is_told() -> None:
    """In one line that names what to change."""
    with Server(abilities=[]) as server:
        async with opened(server) as endpoint:
            chat = OpenAIChat("m", endpoint=endpoint)
            with pytest.raises(ModelRefused, match=r"no typed output.*models\.chat"):
                await chat.typed(PROMPT, City, meter=Meter())
            with pytest.raises(ModelRefused, match="no typed output"):
                await chat.check_typed()


async def test_a_model_that_fills_in_a_form_passes_the_check() -> None:
    """With the smallest one."""
    with Server(lambda _request: Reply('{"ready": true}')) as server:
        async with opened(server) as endpoint:
            await OpenAIChat("m", endpoint=endpoint).check_typed()
        assert forms(server) == ["json_schema"]


async def test_a_reply_that_does_not_fit_is_corrected_once() -> None:
    """The model sees its reply and what is wrong with it, in the same call."""
    meter, wrong = Meter(), '{"name": "Ulm", "people": -3}'
    with Server(replies=[Reply(wrong), Reply(CITY)]) as server:
        async with opened(server) as endpoint:
            reply = await OpenAIChat("m", endpoint=endpoint).typed(PROMPT, City, meter=meter)
        corrected = server.requests[1].messages
    assert reply == City(name="Ulm", people=129000)
    assert [message["role"] for message in corrected] == ["system", "user", "assistant", "user"]
    assert corrected[2]["content"] == wrong
    assert "people" in corrected[3]["content"]
    assert [(call.attempts, call.input_tokens) for call in meter.calls] == [(2, 20)]


async def test_prose_of_a_model_with_one_method_is_corrected() -> None:
    """The others are declined, so it gets a second chance with its own."""
    replies = [Reply("Certainly! It is Ulm."), Reply(CITY)]
    with Server(replies=replies, abilities=["json_schema"]) as server:
        async with opened(server) as endpoint:
            reply = await OpenAIChat("m", endpoint=endpoint).typed(PROMPT, City, meter=Meter())
        assert forms(server) == ["json_schema", "tools", "json_object", "json_schema"]
    assert reply == City(name="Ulm", people=129000)


async def test_a_method_that_is_declined_is_no_failed_attempt() -> None:
    """All attempts are left for what another one may overcome."""
    meter, replies = Meter(), [Reply(fault=Fault.RESET), Reply(fault=Fault.UNAVAILABLE), Reply(CITY)]
    with Server(replies=replies, abilities=["json_object"]) as server:
        async with Endpoint(base_url=server.base_url, attempts=3, backoff_seconds=0.001) as endpoint:
            await OpenAIChat("m", endpoint=endpoint).typed(PROMPT, City, meter=meter)
    assert [call.attempts for call in meter.calls] == [5]


async def test_there_is_no_second_correction() -> None:
    """Two replies that do not fit are an error."""
    with Server(lambda _request: Reply('{"people": 3}')) as server:
        async with opened(server) as endpoint:
            with pytest.raises(ModelOutputError):
                await OpenAIChat("m", endpoint=endpoint).typed(PROMPT, City, meter=Meter())
        assert len(server.requests) == 2


async def test_a_correction_beyond_the_budget_is_not_asked_for() -> None:
    """It would cost a second reply."""
    dear = Reply('{"people": 3}', usage=Usage(input_tokens=90, output_tokens=50))
    with Server(lambda _request: dear) as server:
        async with opened(server) as endpoint:
            chat = OpenAIChat("m", endpoint=endpoint, output_tokens=100)
            with pytest.raises(ModelOutputError):
                await chat.typed(PROMPT, City, meter=Meter(budget=Budget(tokens=210)))
        assert len(server.requests) == 1


@pytest.mark.parametrize("able", ["json_schema", "tools", "json_object"])
@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(CITY, fault=Fault.LENGTH), id="cut off by the limit"),
        pytest.param(Reply(CITY, finish_reason="length"), id="stopped by the limit although it looks whole"),
        pytest.param(Reply('{"name": "Ulm", "peop'), id="not complete"),
        pytest.param(Reply("{}", finish_reason="length"), id="nothing yet, stopped by the limit"),
        pytest.param(Reply("null"), id="null"),
        pytest.param(Reply("[]"), id="a list"),
        pytest.param(Reply(CITY + CITY), id="twice"),
    ],
)
async def test_what_is_not_a_whole_object_never_becomes_one(able: Ability, reply: Reply) -> None:
    """Also when the form's defaults would fill every gap."""
    with Server(lambda _request: reply, abilities=[able]) as server:
        async with opened(server) as endpoint:
            for form in (City, Anything):
                with pytest.raises(ModelOutputError):
                    await OpenAIChat("m", endpoint=endpoint).typed(PROMPT, form, meter=Meter())


async def test_a_method_that_is_no_longer_accepted_is_replaced() -> None:
    """What was remembered is only tried first."""
    abilities: Iterable[Ability] = ["tools"]
    memory = AbilityMemory()
    with Server(lambda _request: Reply(CITY), abilities=abilities) as server:
        async with opened(server, memory) as endpoint:
            memory.learn(endpoint.base_url, "m", Abilities(method="json_object"))
            await OpenAIChat("m", endpoint=endpoint).typed(PROMPT, City, meter=Meter())
            assert memory.recall(endpoint.base_url, "m").method == "tool"
        assert forms(server) == ["json_object", "json_schema", "tools"]


@pytest.mark.parametrize("method", METHODS)
def test_a_request_carries_the_form(method: str) -> None:
    """Strictly where the method knows how; JSON mode has it in the messages."""
    chosen = next(each for each in METHODS if each == method)
    fields = json.dumps(asking_for(City, chosen))
    messages = with_schema(PROMPT.messages, City, chosen)
    assert "people" in (messages[0].text if method == "json_object" else fields)
    assert ('"strict": true' in fields) == (method != "json_object")
    assert messages[1:] == PROMPT.messages[1:]


def test_the_schema_becomes_a_system_message_where_there_is_none() -> None:
    """The first one, as chat templates want it."""
    messages = with_schema((Message(role="user", text="Which?"),), City, "json_object")
    assert [message.role for message in messages] == ["system", "user"]


@pytest.mark.parametrize(
    "reply",
    [CITY, f"  {CITY}\n", f"```json\n{CITY}\n```", f"```\n{CITY}```"],
    ids=["bare", "space", "json", "fence"],
)
def test_a_code_fence_around_a_reply_does_not_matter(reply: str) -> None:
    """Models like to put one there."""
    assert looks_typed(reply)
    assert read(reply, City) == City(name="Ulm", people=129000)


@pytest.mark.parametrize("reply", ["null", "[1]", '{"name": "Ul'])
def test_json_of_another_kind_is_no_prose(reply: str) -> None:
    """The method works; the reply does not fit."""
    assert looks_typed(reply)
    with pytest.raises(Misfit):
        read(reply, Anything)


@pytest.mark.parametrize("reply", ["Sure! It is Ulm.", f"Here: {CITY}", ""])
def test_prose_does_not_look_typed(reply: str) -> None:
    """Even with an object in it."""
    assert not looks_typed(reply)
    with pytest.raises(Misfit):
        read(reply, Anything)


def test_a_correction_names_the_fields_and_not_their_values() -> None:
    """And repeats no more of the reply than is useful."""
    wrong = json.dumps({"name": "x" * 9000, "people": "seventeen"})
    with pytest.raises(Misfit) as caught:
        read(wrong, City)
    said, problem = correction(wrong, caught.value)
    assert len(said.text) == 4000
    assert "people" in problem.text
    assert "seventeen" not in problem.text
