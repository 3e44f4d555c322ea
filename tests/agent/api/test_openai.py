"""OpenAI's own client against a real server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from openai import (
    APIError,
    APIStatusError,
    AsyncOpenAI,
    AuthenticationError,
    BadRequestError,
    NotFoundError,
    OpenAI,
    PermissionDeniedError,
    RateLimitError,
)
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam

from agent.access.caller import SCOPES, Caller, Limits
from agent.answer import Answer
from agent.events import Done
from agent.hosting import Host
from agent.owners import LOCAL
from agent.sections_server import Server
from graph.plan import Turn
from graph.state import Assessment
from tests.agent.api.hosts import ANSWER, BOIL, OPERATOR, QUESTION, issued, open_fake_host
from tests.agent.api.serving import patient_writer, served
from tests.fakes_graph import FakeJudge, FakePlanner, deps_of, store_with

SENT = f"{ANSWER}\n\nSources:\n- [1] Kettle, Use (guides)"
AMBIGUOUS = Assessment(verdict="ambiguous", confidence=0.9, ask="Red or blue?", choices=("red", "blue"))
THIS_MACHINE = Caller(owner=LOCAL, scopes=SCOPES, limits=Limits(requests_per_minute=None, runs=9))
WITH_IMAGE: list[Any] = [
    {"type": "text", "text": QUESTION},
    {"type": "image_url", "image_url": {"url": "https://shop.example/kettle.png"}},
]


@asynccontextmanager
async def client_of(host: Host, *, key: str = OPERATOR) -> AsyncIterator[AsyncOpenAI]:
    """Yield the official client of a server of this host."""
    async with (
        served(host) as http,
        AsyncOpenAI(base_url=f"{http.base_url}/v1", api_key=key, max_retries=0, timeout=30) as client,
    ):
        yield client


def said(*texts: str) -> list[ChatCompletionMessageParam]:
    """Return messages of user and assistant in turn."""
    return [
        {"role": "user", "content": text} if place % 2 == 0 else {"role": "assistant", "content": text}
        for place, text in enumerate(texts)
    ]


async def asked(client: AsyncOpenAI, *texts: str) -> ChatCompletion:
    """Complete a conversation."""
    return await client.chat.completions.create(model="plumbline", messages=said(*texts))


def whole(completion: ChatCompletion) -> Answer:
    """Return the answer object that rides along."""
    extra = completion.choices[0].message.model_extra
    assert extra is not None
    return Answer.model_validate(extra["plumbline"])


async def test_a_completion_has_the_answer_its_sources_and_the_whole_object(tmp_path: Path) -> None:
    """The client sees what it knows; who knows us finds everything."""
    async with open_fake_host(tmp_path) as host, client_of(host) as client:
        completion = await asked(client, QUESTION)
    choice, answer = completion.choices[0], whole(completion)
    assert (choice.message.role, choice.message.content, choice.finish_reason) == ("assistant", SENT, "stop")
    assert (answer.answer, answer.status, answer.citations[0].id) == (ANSWER, "answered", 1)
    assert completion.model_extra == {"plumbline": answer.model_dump(mode="json")}
    assert (completion.id, completion.model) == (f"chatcmpl-{answer.run_id}", "plumbline")
    assert completion.usage is not None
    assert completion.usage.total_tokens == 0


async def test_the_client_that_blocks_gets_the_same(tmp_path: Path) -> None:
    """Whole, and streamed."""
    async with open_fake_host(tmp_path) as host, served(host) as http:

        def complete() -> tuple[str | None, str]:
            with OpenAI(base_url=f"{http.base_url}/v1", api_key=OPERATOR, max_retries=0) as client:
                whole = client.chat.completions.create(model="gpt-4o", messages=said(QUESTION))
                stream = client.chat.completions.create(model="gpt-4o", messages=said(QUESTION), stream=True)
                pieces = [chunk.choices[0].delta.content or "" for chunk in stream]
                return whole.choices[0].message.content, "".join(pieces)

        assert await asyncio.to_thread(complete) == (SENT, SENT)


async def test_a_stream_has_role_pieces_reason_object_and_usage(tmp_path: Path) -> None:
    """In this order; the pieces are the answer as it is without streaming."""
    async with open_fake_host(tmp_path) as host, client_of(host) as client:
        stream = await client.chat.completions.create(
            model="plumbline", messages=said(QUESTION), stream=True, stream_options={"include_usage": True}
        )
        first, *middle, last, usage = [chunk async for chunk in stream]
    assert (first.choices[0].delta.role, first.choices[0].delta.content) == ("assistant", "")
    assert "".join(chunk.choices[0].delta.content or "" for chunk in middle) == SENT
    assert {chunk.choices[0].finish_reason for chunk in (first, *middle)} == {None}
    assert last.choices[0].finish_reason == "stop"
    assert last.model_extra is not None
    assert Answer.model_validate(last.model_extra["plumbline"]).answer == ANSWER
    assert (usage.choices, usage.usage is not None) == ([], True)
    assert {chunk.id for chunk in (first, *middle, last, usage)} == {first.id}


async def test_a_stream_begins_at_once_and_sends_no_draft(tmp_path: Path) -> None:
    """The role is there while the answer is still written; nothing of a draft is."""
    writer = patient_writer()
    deps = deps_of(store=store_with(BOIL), writer=writer)
    async with open_fake_host(tmp_path, deps=deps) as host, client_of(host) as client:
        stream = await client.chat.completions.create(model="plumbline", messages=said(QUESTION), stream=True)
        chunks = aiter(stream)
        assert (await anext(chunks)).choices[0].delta.role == "assistant"
        await writer.began.wait()
        following = asyncio.ensure_future(anext(chunks))
        await asyncio.sleep(0.1)
        assert not following.done()
        writer.may_go_on.set()
        assert (await following).choices[0].delta.content == f"{BOIL.text}{SENT.removeprefix(ANSWER)}"
        await stream.close()


async def test_a_conversation_goes_on_in_its_thread(tmp_path: Path) -> None:
    """The protocol repeats everything; the thread is found by it, and is in no list."""
    async with open_fake_host(tmp_path) as host, client_of(host) as client:
        first = await asked(client, QUESTION)
        second = await asked(client, QUESTION, f"{SENT}\n", "And when it is full?")
        third = await client.chat.completions.create(
            model="plumbline",
            messages=[
                {"role": "system", "content": "Answer like a pirate."},
                *said(
                    QUESTION, SENT, "And when it is full?", second.choices[0].message.content or "", "Why?"
                ),
            ],
        )
        assert {whole(one).thread_id for one in (first, second, third)} == {whole(first).thread_id}
        listed = await host.storage.threads.page("local", cursor=None, limit=10)
    assert listed.items == []


async def test_a_clarification_is_answered_by_the_next_message(tmp_path: Path) -> None:
    """The graph goes on where it asked back: nothing is planned anew."""
    planner = FakePlanner()
    judge = FakeJudge(assessments=[[AMBIGUOUS]])
    deps = deps_of(store=store_with(BOIL), judge=judge, planner=planner)
    async with open_fake_host(tmp_path, deps=deps) as host, client_of(host) as client:
        back = await asked(client, QUESTION)
        done = await asked(client, QUESTION, "Red or blue?", "red")
    assert (back.choices[0].message.content, whole(back).choices) == ("Red or blue?", ["red", "blue"])
    assert (whole(done).status, whole(done).thread_id) == ("answered", whole(back).thread_id)


async def test_a_conversation_that_took_another_turn_is_another_thread(tmp_path: Path) -> None:
    """Asked otherwise from the same words, it knows of these alone, without the sources below them."""
    planner = FakePlanner()
    deps = deps_of(store=store_with(BOIL), planner=planner)
    async with open_fake_host(tmp_path, deps=deps) as host, client_of(host) as client:
        first = await asked(client, QUESTION)
        await asked(client, QUESTION, SENT, "And when it is full?")
        other = await asked(client, QUESTION, SENT, "And when it is empty?")
    assert whole(other).thread_id != whole(first).thread_id
    assert planner.asked[-1][:2] == ("And when it is empty?", (Turn(question=QUESTION, answer=ANSWER),))


async def test_nobody_goes_on_in_somebody_elses_thread(tmp_path: Path) -> None:
    """The same words of another owner are another conversation."""
    async with open_fake_host(tmp_path) as host:
        anna, ben = await issued(host, "chat"), await issued(host, "chat", owner="ben")
        async with client_of(host, key=anna.secret) as client:
            hers = await asked(client, QUESTION)
        async with client_of(host, key=ben.secret) as client:
            his = await asked(client, QUESTION, SENT, "Why?")
    assert whole(hers).thread_id != whole(his).thread_id


async def test_going_on_twice_at_once_from_the_same_words_works(tmp_path: Path) -> None:
    """One goes on in the thread, the other in a new one; neither is refused."""
    async with open_fake_host(tmp_path) as host, client_of(host) as client:
        first = await asked(client, QUESTION)
        both = await asyncio.gather(*(asked(client, QUESTION, SENT, f"Why {n}?") for n in range(2)))
    threads = {whole(one).thread_id for one in both}
    assert whole(first).thread_id in threads
    assert len(threads) == 2


async def test_who_goes_away_cancels_the_work(tmp_path: Path) -> None:
    """Streamed or not."""
    for stream in (True, False):
        writer = patient_writer()
        (folder := tmp_path / str(stream)).mkdir()
        deps = deps_of(store=store_with(BOIL), writer=writer)
        async with open_fake_host(folder, deps=deps) as host, client_of(host) as client:

            async def ask(client: AsyncOpenAI = client, *, stream: bool = stream) -> None:
                reply = await client.chat.completions.create(
                    model="plumbline", messages=said(QUESTION), stream=stream
                )
                if not isinstance(reply, ChatCompletion):
                    async for _ in reply:
                        pass

            asking = asyncio.create_task(ask())
            await writer.began.wait()
            (run,) = await host.storage.runs.unfinished(stale_seconds=0)
            asking.cancel()
            async for told in host.conversations.follow(THIS_MACHINE, run.id):
                ended = told.event
            assert ended == Done(status="cancelled")


@pytest.mark.parametrize(
    ("wanted", "word"),
    [
        pytest.param({"messages": []}, "messages", id="nothing said"),
        pytest.param({"messages": said(QUESTION, ANSWER)}, "role", id="the assistant spoke last"),
        pytest.param({"messages": [{"role": "user", "content": WITH_IMAGE}]}, "image_url", id="an image"),
        pytest.param({"messages": said("  ")}, "empty", id="an empty question"),
        pytest.param({"messages": [{"role": "king", "content": "x"}]}, "role", id="no such role"),
        pytest.param({"n": 2}, "n:", id="two choices"),
        pytest.param({"tool_choice": "required"}, "tool_choice", id="a tool that must be called"),
        pytest.param({"response_format": {"type": "json_object"}}, "response_format", id="JSON"),
        pytest.param({"modalities": ["text", "audio"]}, "modalities", id="speech"),
    ],
)
async def test_what_cannot_be_done_is_a_bad_request(
    tmp_path: Path, wanted: dict[str, Any], word: str
) -> None:
    """And the message says which part of it."""
    async with open_fake_host(tmp_path) as host, client_of(host) as client:
        with pytest.raises(BadRequestError) as caught:
            await client.post(
                "/chat/completions",
                body={"model": "plumbline", "messages": said(QUESTION), **wanted},
                cast_to=ChatCompletion,
            )
    assert word in caught.value.message
    assert (caught.value.type, caught.value.param) == ("invalid_request_error", None)


async def test_what_means_nothing_here_is_ignored(tmp_path: Path) -> None:
    """Instructions, sampling, tools that need not be called, parts of text."""
    async with open_fake_host(tmp_path) as host, client_of(host) as client:
        completion = await client.chat.completions.create(
            model="another",
            messages=[
                {"role": "developer", "content": "Say nothing."},
                {"role": "user", "content": [{"type": "text", "text": QUESTION}]},
            ],
            temperature=2,
            max_completion_tokens=1,
            n=1,
            user="someone",
            response_format={"type": "text"},
            tools=[{"type": "function", "function": {"name": "boil"}}],
            tool_choice="auto",
            stream_options=None,
        )
    assert completion.choices[0].message.content == SENT


async def test_refusals_are_the_classes_that_programs_expect(tmp_path: Path) -> None:
    """No key, another scope, no such model, too much at once, too large."""
    server = Server(requests_per_minute=2, body_kb=16)
    async with open_fake_host(tmp_path, server=server) as host:
        chats, searches = await issued(host, "chat", owner="c"), await issued(host, "search", owner="s")
        async with client_of(host, key="pl_wrong") as client:
            with pytest.raises(AuthenticationError) as caught:
                await client.models.list()
            assert caught.value.code == "invalid_api_key"
        async with client_of(host, key=searches.secret) as client:
            with pytest.raises(PermissionDeniedError):
                await asked(client, QUESTION)
        async with client_of(host, key=chats.secret) as client:
            with pytest.raises(NotFoundError):
                await client.models.retrieve("gpt-4o")
            with pytest.raises(APIStatusError) as large:
                await asked(client, "x" * 17_000)
            assert large.value.status_code == 413
            await client.models.list()
            with pytest.raises(RateLimitError) as limited:
                await client.models.list()
            assert int(limited.value.response.headers["Retry-After"]) >= 1


async def test_the_one_model_is_listed(tmp_path: Path) -> None:
    """So that chat pages have something to choose."""
    async with open_fake_host(tmp_path) as host, client_of(host) as client:
        assert [model.id async for model in await client.models.list()] == ["plumbline"]
        assert (await client.models.retrieve("plumbline")).owned_by == "plumbline"


async def test_a_run_that_fails_in_a_stream_is_an_error_of_the_stream(tmp_path: Path) -> None:
    """Here because it was cancelled elsewhere."""
    writer = patient_writer()
    deps = deps_of(store=store_with(BOIL), writer=writer)
    async with open_fake_host(tmp_path, deps=deps) as host, client_of(host) as client:
        stream = await client.chat.completions.create(model="plumbline", messages=said(QUESTION), stream=True)
        await writer.began.wait()
        (run,) = await host.storage.runs.unfinished(stale_seconds=0)
        await host.conversations.cancel(THIS_MACHINE, run.id)
        with pytest.raises(APIError, match="cancelled"):
            _ = [chunk async for chunk in stream]
