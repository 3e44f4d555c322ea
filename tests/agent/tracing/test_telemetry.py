"""Recordings arrive at an OpenTelemetry collector as spans, and nothing it does disturbs a run."""

import asyncio
import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.semconv._incubating.attributes import db_attributes, error_attributes, gen_ai_attributes
from opentelemetry.semconv._incubating.attributes.gen_ai_attributes import GEN_AI_WORKFLOW_NAME
from pydantic import SecretStr

from agent.recording.chat import TapedChat
from agent.recording.recorder import Ended, Recorder
from agent.recording.recording import Changes, Failure, Parent, Recording
from agent.recording.tape import StepNote, Tape
from agent.sections_tracing import Tracing
from agent.tracing.span_attributes import MOST_CHARACTERS, MOST_CONTENT
from agent.tracing.spans import MOST_SPANS, Span, trace_id_of
from agent.tracing.telemetry import BATCH, MOST_WAITING, SendingTelemetry, Telemetry, open_telemetry
from tests.agent.tracing.otlp_receiver import Receiver, Seen, receiver
from tests.agent.tracing.runs import (
    CANARY,
    RUN,
    call_of,
    chat_of,
    recording_of,
    refusal,
    search_of,
    statement_of,
    step_of,
    whole_recording,
)
from tests.agent.tracing.shop import open_shop
from tests.fakes_chat import FakeChat
from tools.errors import ConfigurationError
from tools.metering import Meter
from tools.types import ANYONE, Message, Prompt

SOFTWARE = {"plumbline": "9.8.7", "python": "3"}
NEWER = {"gen_ai.retrieval.top_k"}
"""Attributes of the conventions' own repository, which the installed package does not have yet."""


@pytest.fixture
def collector() -> Iterator[Receiver]:
    """A collector on loopback."""
    with receiver() as seen:
        yield seen


async def _sent(collector: Receiver, *recordings: Recording, **settings: Any) -> list[Seen]:  # noqa: ANN401 - of `Tracing`
    """Send recordings and return the spans that arrived."""
    tracing = Tracing(otlp_endpoint=collector.address, **settings)
    async with open_telemetry(tracing, SOFTWARE) as telemetry:
        for recording in recordings:
            telemetry.export(recording)
    return collector.spans


def _named(spans: list[Seen], name: str) -> Seen:
    return next(span for span in spans if span.name == name)


async def test_every_call_hangs_under_its_node_and_every_node_under_the_workflow(collector: Receiver) -> None:
    """The tree is workflow → node → call → nested call, in one trace."""
    spans = await _sent(collector, whole_recording())

    names = {span.id: span.name for span in spans}
    tree = [(names.get(span.parent, ""), span.name, span.kind) for span in spans]
    assert tree == [
        ("", "invoke_workflow plumbline", "internal"),
        ("invoke_workflow plumbline", "prefetch", "internal"),
        ("invoke_workflow plumbline", "classify", "internal"),
        ("invoke_workflow plumbline", "query_database", "internal"),
        ("invoke_workflow plumbline", "rerank", "internal"),
        ("invoke_workflow plumbline", "synthesize", "internal"),
        ("invoke_workflow plumbline", "verify", "internal"),
        ("prefetch", "clock.today", "internal"),
        ("prefetch", "embeddings bundled", "internal"),
        ("prefetch", "retrieval guides", "client"),
        ("classify", "chat a-model", "client"),
        ("query_database", "execute_tool query_database", "internal"),
        ("query_database", "execute_tool stock", "internal"),
        ("execute_tool stock", "embeddings bundled", "internal"),
        ("rerank", "rerank", "internal"),
        ("synthesize", "chat a-model", "client"),
    ]
    assert {span.trace for span in spans} == {RUN}
    assert len(names) == len(spans)
    assert collector.paths == ["/v1/traces"]
    assert collector.resources[0]["service.name"] == "plumbline"
    assert collector.resources[0]["service.version"] == "9.8.7"


async def test_times_are_those_of_the_run(collector: Receiver) -> None:
    """Spans begin and end when the recorded work did, to the microsecond."""
    spans = await _sent(collector, whole_recording())

    began = 1_772_366_400_250_000_000
    workflow, search = spans[0], _named(spans, "retrieval guides")
    assert (workflow.started, workflow.ended) == (began, began + 100_000_000)
    assert (search.started, search.ended) == (began + 11_000_000, began + 12_000_000)


async def test_usage_and_model_are_told_by_the_conventions_names(collector: Receiver) -> None:
    """A chat span names model and provider and says how many tokens it took."""
    spans = await _sent(collector, whole_recording())

    chat = _named(spans, "chat a-model").attributes
    assert (
        chat.items()
        >= {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "a-model",
            "gen_ai.output.type": "json",
            "gen_ai.conversation.id": "thread-1",
            "gen_ai.prompt.name": "write",
            "gen_ai.usage.input_tokens": 120,
            "gen_ai.usage.cache_read.input_tokens": 20,
            "gen_ai.usage.output_tokens": 30,
            "plumbline.usage.cost_usd": 0.25,
        }.items()
    )


async def test_what_a_recording_answered_took_no_tokens(collector: Receiver) -> None:
    """A fork counts only what it spent itself."""
    recorded = chat_of(1, 1, source="recorded")
    spans = await _sent(collector, recording_of([step_of(1, "synthesize")], [recorded]))

    attributes = _named(spans, "chat a-model").attributes
    assert attributes["plumbline.call.source"] == "recorded"
    assert not [name for name in attributes if "usage" in name]


async def test_searches_statements_and_embeddings_have_their_own_attributes(collector: Receiver) -> None:
    """Retrieval, tool and embedding spans say where, how many and in which system."""
    spans = await _sent(collector, whole_recording())

    assert (
        _named(spans, "retrieval guides").attributes.items()
        >= {
            "gen_ai.operation.name": "retrieval",
            "gen_ai.data_source.id": "guides",
            "gen_ai.retrieval.top_k": 20,
            "plumbline.retrieval.hits": 2,
            "plumbline.retrieval.by_words_alone": True,
        }.items()
    )
    assert (
        _named(spans, "execute_tool query_database").attributes.items()
        >= {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "query_database",
            "gen_ai.tool.type": "datastore",
            "db.system.name": "postgresql",
            "db.response.returned_rows": 1,
        }.items()
    )
    assert (
        _named(spans, "embeddings bundled").attributes.items()
        >= {
            "gen_ai.operation.name": "embeddings",
            "gen_ai.provider.name": "fastembed",
            "gen_ai.request.model": "bundled",
            "gen_ai.embeddings.dimension.count": 384,
        }.items()
    )


async def test_an_embedding_endpoint_is_a_client_call(collector: Receiver) -> None:
    """Embeddings of an OpenAI-compatible endpoint leave the process."""
    recording = replace(
        whole_recording(), attachments={"setup": {"models": {"embedding": "openai:some-embedding"}}}
    )
    spans = await _sent(collector, recording)

    embedding = _named(spans, "embeddings some-embedding")
    assert embedding.kind == "client"
    assert embedding.attributes["gen_ai.provider.name"] == "openai"


async def test_nodes_tell_what_reranking_did_and_how_faithful_the_answer_is(collector: Receiver) -> None:
    """The rerank node counts passages, and each measured faithfulness is an evaluation event."""
    spans = await _sent(collector, whole_recording())

    node = next(span for span in spans if span.attributes.get("langgraph.node") == "rerank")
    assert (
        node.attributes.items()
        >= {
            "langgraph.step": 3,
            "plumbline.rerank.candidates": 2,
            "plumbline.rerank.kept": 1,
            "plumbline.rerank.top_score": 0.9,
            "plumbline.rerank.cross_encoder": False,
        }.items()
    )
    assert spans[0].events == (
        (
            "gen_ai.evaluation.result",
            {"gen_ai.evaluation.name": "faithfulness", "gen_ai.evaluation.score.value": 0.5},
        ),
    )
    assert (
        spans[0].attributes.items()
        >= {
            "gen_ai.operation.name": "invoke_workflow",
            "gen_ai.workflow.name": "plumbline",
            "gen_ai.conversation.id": "thread-1",
            "plumbline.run.id": RUN,
            "plumbline.answer.status": "answered",
            "plumbline.answer.route": "guides",
        }.items()
    )


@pytest.mark.parametrize("content", [False, True], ids=["by default", "with content"])
async def test_attributes_are_named_as_the_conventions_name_them(
    collector: Receiver, *, content: bool
) -> None:
    """Whatever is not ours is an attribute that the conventions know."""
    spans = await _sent(collector, whole_recording(), otlp_content=content)

    known = {
        value
        for module in (gen_ai_attributes, db_attributes, error_attributes)
        for name, value in vars(module).items()
        if name.isupper()
    }
    used = {name for span in spans for name in span.attributes}
    used |= {name for span in spans for _, event in span.events for name in event}
    theirs = {name for name in used if not name.startswith(("plumbline.", "langgraph."))}
    assert theirs - NEWER <= known
    assert GEN_AI_WORKFLOW_NAME in theirs


async def test_errors_are_told_by_kind(collector: Receiver) -> None:
    """A failed call, a failed node, one that was given up and a failed run are errors; the rest is not."""
    recording = recording_of(
        [
            step_of(1, "retrieve", failure=Failure(type="TransientError", message=CANARY), update=None),
            step_of(2, "query_database"),
        ],
        [
            search_of(1, 1, interrupted=True, response=None),
            statement_of(2, 2, failure=refusal(), response=None),
            chat_of(3, 2),
        ],
        outcome="failed",
        answer=None,
        failure=Failure(type="ConfigurationError", message=CANARY),
    )
    spans = await _sent(collector, recording)

    assert [(span.name, span.attributes.get("error.type"), span.told) for span in spans if span.failed] == [
        ("invoke_workflow plumbline", "ConfigurationError", ""),
        ("retrieve", "TransientError", ""),
        ("retrieval guides", "cancelled", ""),
        ("execute_tool query_database", "RejectedQuery", ""),
    ]
    assert _named(spans, "execute_tool query_database").attributes["plumbline.sql.problem"] == "refused"


async def test_nothing_that_was_said_is_sent_by_default(collector: Receiver) -> None:
    """Question, prompt, completion, statement, rows, passages and messages of errors stay here."""
    failed = replace(whole_recording(), failure=Failure(type="TransientError", message=CANARY))
    await _sent(collector, failed, recording_of([step_of(1, "n", failure=refusal())], [statement_of(1, 1)]))

    assert len(collector.spans) > 10
    assert not [body for body in collector.bodies if CANARY.encode() in body]


async def test_content_is_sent_when_it_is_asked_for(collector: Receiver) -> None:
    """With `otlp_content`, spans carry what was said; of passages only ids and scores."""
    failing = recording_of([step_of(1, "query_database")], [statement_of(1, 1, failure=refusal())])
    spans = await _sent(collector, whole_recording(), failing, otlp_content=True)

    workflow, chats = spans[0], [span for span in spans if span.name == "chat a-model"]
    assert json.loads(workflow.attributes["gen_ai.input.messages"]) == [
        {"role": "user", "parts": [{"type": "text", "content": f"Where is {CANARY}?"}]}
    ]
    assert [each["role"] for each in json.loads(chats[0].attributes["gen_ai.input.messages"])] == [
        "system",
        "user",
    ]
    assert json.loads(chats[1].attributes["gen_ai.output.messages"]) == [
        {
            "role": "assistant",
            "parts": [{"type": "text", "content": f"In {CANARY}."}],
            "finish_reason": "stop",
        }
    ]
    search = _named(spans, "retrieval guides").attributes
    assert search["gen_ai.retrieval.query.text"] == CANARY
    assert json.loads(search["gen_ai.retrieval.documents"]) == [
        {"id": "chunk-1", "score": 0.9},
        {"id": "chunk-2", "score": 0.4},
    ]
    tool = _named(spans, "execute_tool stock").attributes
    assert tool["db.query.text"] == f"SELECT '{CANARY}'"
    assert json.loads(tool["gen_ai.tool.call.arguments"]) == {"name": CANARY}
    assert [span.told for span in spans if span.failed] == [f"refused: {CANARY}"]
    assert "somebody" not in str(spans)


async def test_headers_go_to_the_collector_and_nowhere_else(
    collector: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """A key in a header is in no span, and in no log when the collector refuses it."""
    collector.status = 401
    with caplog.at_level(logging.DEBUG):
        await _sent(
            collector,
            whole_recording(),
            otlp_content=True,
            otlp_headers={"Authorization": SecretStr("Bearer hush-hush")},
        )

    assert collector.headers[0]["Authorization"] == "Bearer hush-hush"
    assert b"hush-hush" not in b"".join(collector.bodies)
    assert "hush-hush" not in caplog.text
    assert collector.address not in "".join(record.getMessage() for record in caplog.records)
    assert "HTTP 401" in caplog.text


async def test_the_environment_configures_nothing(
    collector: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK's own variables, proxies included, neither redirect the spans nor add to them."""
    nowhere = "http://127.0.0.1:9"
    for name, value in {
        "OTEL_SDK_DISABLED": "true",
        "OTEL_TRACES_SAMPLER": "always_off",
        "OTEL_SERVICE_NAME": "imposter",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=imposter",
        "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "1",
        "OTEL_EXPORTER_OTLP_ENDPOINT": nowhere,
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": nowhere,
        "OTEL_EXPORTER_OTLP_HEADERS": "x-imposter=yes,authorization=imposter,content-encoding=imposter",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "deflate",
        "OTEL_EXPORTER_OTLP_CERTIFICATE": "/imposter",
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": "/imposter",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "0.000001",
        "OTEL_PYTHON_EXPORTER_OTLP_HTTP_CREDENTIAL_PROVIDER": "imposter",
        "OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED": "true",
        "HTTP_PROXY": nowhere,
        "ALL_PROXY": nowhere,
    }.items():
        monkeypatch.setenv(name, value)
    spans = await _sent(collector, whole_recording(), otlp_headers={"Authorization": SecretStr("ours")})

    assert len(spans) == 16
    assert len(spans[0].attributes) > 10
    assert "imposter" not in str(collector.headers) + str(collector.resources)
    assert collector.headers[0]["Authorization"] == "ours"


async def test_sending_a_recording_twice_adds_nothing(collector: Receiver) -> None:
    """Ids come from the run's own id, so a backend sees the same spans again."""
    spans = await _sent(collector, whole_recording(), whole_recording())

    half = len(spans) // 2
    assert spans[:half] == spans[half:]


def test_a_run_with_another_kind_of_id_has_a_trace_id_too() -> None:
    """Ids of all forms give valid ids, which differ, and those of our own form stay as they are."""
    runs = ["mine", "yours", "0" * 32, "G" * 32, "0" * 31]
    traces = [trace_id_of(run) for run in runs]
    assert len(set(traces)) == len(runs)
    assert all(len(trace) == 32 and int(trace, 16) for trace in traces)
    assert trace_id_of(RUN) == RUN


async def test_a_fork_is_linked_to_where_it_comes_from(collector: Receiver) -> None:
    """The fork's workflow has a link to its parent's."""
    fork = replace(
        whole_recording(),
        run_id="a-fork",
        kind="fork",
        parent=Parent(run_id=RUN, step=2, changes=Changes()),
    )
    spans = await _sent(collector, whole_recording(), fork)

    parent = spans[0]
    child = next(span for span in spans if span.attributes.get("plumbline.run.kind") == "fork")
    assert child.links == ((parent.trace, parent.id),)


async def test_ten_thousand_calls_are_bounded(collector: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    """Of a huge run the first calls are sent, in batches, with bounded values, and the rest is counted."""
    huge = "x" * 100_000
    calls = [call_of(number, 1, "clock", "today", {}) for number in range(1, 10_001)]
    calls[0] = chat_of(1, 1, response=huge)
    recording = recording_of([step_of(1, huge)], calls, thread_id=huge, question=huge)
    spans = await _sent(collector, recording, otlp_content=True)

    assert len(spans) == MOST_SPANS
    assert spans[0].attributes["plumbline.run.spans_left_out"] == 8_002
    assert "8002 spans" in caplog.text
    assert len(collector.requests) == -(-MOST_SPANS // BATCH)
    assert len(spans[1].name) == MOST_CHARACTERS
    assert max(len(str(value)) for span in spans for value in span.attributes.values()) < 2 * MOST_CONTENT


@pytest.mark.parametrize("status", [302, 400, 500], ids=["elsewhere", "bad request", "broken"])
async def test_a_collector_that_refuses_is_told_once(
    collector: Receiver, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    """Refused spans are dropped and counted, and the log has one line about them."""
    collector.status = status
    async with open_telemetry(Tracing(otlp_endpoint=collector.address), SOFTWARE) as telemetry:
        assert isinstance(telemetry, SendingTelemetry)
        telemetry.export(whole_recording())
        collector.wait_for(1)
        telemetry.export(whole_recording())

    assert (telemetry.sent, telemetry.dropped) == (0, 32)
    assert [record.getMessage() for record in caplog.records] == [
        f"16 spans did not reach the OpenTelemetry collector (HTTP {status}); "
        "see that what tracing.otlp_endpoint names runs and accepts them"
    ]
    assert "/elsewhere" not in collector.paths


async def test_a_collector_that_does_not_answer_holds_nothing_up(
    collector: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """While it hangs, exports return at once, what waits is bounded, and the oldest goes first."""
    collector.holding = threading.Event()
    async with open_telemetry(Tracing(otlp_endpoint=collector.address), SOFTWARE) as telemetry:
        assert isinstance(telemetry, SendingTelemetry)
        small = recording_of([step_of(1, "classify")])
        telemetry.export(small)
        collector.wait_for(1)
        for number in range(MOST_WAITING + 10):
            telemetry.export(replace(small, run_id=f"run-{number}"))
        assert telemetry.dropped == 20
        collector.holding.set()

    assert telemetry.sent == 2 + 2 * MOST_WAITING
    ids = [span.attributes["plumbline.run.id"] for span in collector.spans[2::2]]
    assert ids == [f"run-{number}" for number in range(10, MOST_WAITING + 10)]
    assert len(caplog.records) == 1


async def test_a_collector_that_is_away_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody listens: the run goes on, the spans are counted, the address is not in the log."""
    with receiver() as gone:
        address = gone.address
    async with open_telemetry(Tracing(otlp_endpoint=address), SOFTWARE) as telemetry:
        telemetry.export(whole_recording())

    assert isinstance(telemetry, SendingTelemetry)
    assert telemetry.sent == 0
    assert "did not reach the OpenTelemetry collector" in caplog.text
    assert address.removeprefix("http://") not in caplog.text


class _Refusing:
    """A sender whose collector is always away."""

    def send(self, spans: Sequence[Span]) -> str | None:
        """Refuse."""
        return "away"

    def close(self) -> None:
        """Have nothing to give up."""


def test_a_warning_is_given_once_a_minute_with_what_was_lost_since(caplog: pytest.LogCaptureFixture) -> None:
    """A minute later the next warning tells of everything that was lost meanwhile."""
    minute = [0.0]
    telemetry = SendingTelemetry(_Refusing(), now=lambda: minute[0])
    for lost, now in enumerate((0.0, 30.0, 59.0, 61.0), start=1):
        minute[0] = now
        telemetry.export(recording_of([]))
        _wait_until_dropped(telemetry, lost)
    telemetry.close()

    assert [record.getMessage().split(" did")[0] for record in caplog.records] == ["1 spans", "3 spans"]


async def test_a_recording_that_cannot_be_written_does_not_silence_the_others(
    collector: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """A defect in one recording is logged, and the next one is sent."""
    broken = recording_of([step_of(1, "n")], [call_of(1, 1, "chat", "text", {})])
    async with open_telemetry(Tracing(otlp_endpoint=collector.address), SOFTWARE) as telemetry:
        assert isinstance(telemetry, SendingTelemetry)
        telemetry.export(broken)
        await asyncio.to_thread(_wait_until_dropped, telemetry, 3)
        telemetry.export(whole_recording())

    assert (telemetry.sent, telemetry.dropped) == (16, 3)
    assert "this is a defect" in caplog.text


async def test_a_real_run_gives_the_spans_of_what_it_did(collector: Receiver, tmp_path: Path) -> None:
    """A question to documents and one to the database, recorded in earnest, keep the conventions too."""
    async with open_shop(tmp_path) as shop:
        recordings = [
            await shop.recorded(question)
            for question in (
                "How long does the kettle take to boil?",
                "How many sales were there in March 2026?",
            )
        ]
    spans = await _sent(collector, *recordings, otlp_content=True)

    by_id = {(span.trace, span.id): span for span in spans}
    assert len(by_id) == len(spans)
    roots = [span for span in spans if not span.parent]
    assert [root.name for root in roots] == ["invoke_workflow plumbline"] * 2
    assert [root.trace for root in roots] == [recording.run_id for recording in recordings]
    for span in spans:
        if span.parent:
            above = by_id[span.trace, span.parent]
            assert above.started - 1_000 <= span.started <= span.ended
            assert span.ended <= above.ended + 1_000 or "langgraph.node" not in above.attributes
    operations = {span.attributes.get("gen_ai.operation.name") for span in spans}
    assert operations >= {"invoke_workflow", "retrieval", "embeddings", "execute_tool"}
    search = next(span for span in spans if span.attributes.get("gen_ai.operation.name") == "retrieval")
    assert search.attributes["gen_ai.retrieval.query.text"]
    assert json.loads(search.attributes["gen_ai.retrieval.documents"])
    tool = next(span for span in spans if span.attributes.get("gen_ai.operation.name") == "execute_tool")
    assert tool.attributes["db.system.name"] == "sqlite"
    assert "sales" in tool.attributes["db.query.text"]
    rerank = next(span for span in spans if span.attributes.get("langgraph.node") == "rerank")
    kept, found = (rerank.attributes[f"plumbline.rerank.{name}"] for name in ("kept", "candidates"))
    assert 0 < kept <= found
    assert roots[0].events[0][1]["gen_ai.evaluation.score.value"] == 1.0


async def test_a_real_call_of_a_model_gives_its_span(collector: Receiver) -> None:
    """What the tape writes down of a language model is told with its tokens and its words."""
    tape, chat = Tape(run_id=RUN, thread_id="t"), TapedChat(FakeChat(replies=["In two minutes."]))
    prompt = Prompt(name="write", messages=(Message(role="user", text="When?"),))
    note = StepNote(
        node="synthesize", superstep=1, path=(), attempt=1, state={}, update={}, started=tape.began
    )
    with tape.running(), tape.step(note):
        await chat.text(prompt, meter=Meter())
    ended = Ended(tape=tape, question="When?", principal=ANYONE, knowledge=None, setup={}, owner="me")
    spans = await _sent(collector, Recorder().recording(ended), otlp_content=True)

    span = next(span for span in spans if span.attributes.get("gen_ai.operation.name") == "chat")
    assert span.name == f"chat {chat.name}"
    assert span.attributes["gen_ai.usage.input_tokens"] > 0
    assert "When?" in span.attributes["gen_ai.input.messages"]
    assert "In two minutes." in span.attributes["gen_ai.output.messages"]


async def test_nothing_is_sent_or_imported_without_a_collector() -> None:
    """Without an endpoint OpenTelemetry is not even loaded, and exporting does nothing."""
    code = """
import asyncio, sys
from agent.recording.tape import StepNote, Tape
from agent.sections_tracing import Tracing
from agent.tracing.telemetry import open_telemetry
from tests.agent.tracing.runs import whole_recording
async def main():
    async with open_telemetry(Tracing(), {}) as telemetry:
        telemetry.export(whole_recording())
asyncio.run(main())
print([name for name in sys.modules if name.startswith(("opentelemetry", "requests"))])
"""
    assert _python(code) == "[]\n"
    async with open_telemetry(Tracing(), {}) as telemetry:
        assert type(telemetry) is Telemetry


def test_without_the_packages_an_endpoint_says_how_to_install_them() -> None:
    """Whoever configures a collector without the extra is told the command."""
    code = """
import asyncio, sys
sys.modules["opentelemetry"] = None
from agent.recording.tape import StepNote, Tape
from agent.sections_tracing import Tracing
from agent.tracing.telemetry import open_telemetry
from tests.agent.tracing.shop import open_shop
from tests.fakes_chat import FakeChat
from tools.errors import ConfigurationError
from tools.metering import Meter
from tools.types import ANYONE, Message, Prompt
async def main():
    try:
        async with open_telemetry(Tracing(otlp_endpoint="http://127.0.0.1:9"), {}):
            pass
    except ConfigurationError as error:
        print(error)
asyncio.run(main())
"""
    assert 'pip install "plumbline[otel]"' in _python(code)


@pytest.mark.parametrize(
    ("endpoint", "headers"),
    [
        ("collector:4318", {}),
        ("grpc://collector-hush", {}),
        ("http://", {}),
        ("http://[hush", {}),
        ("http://collector:0hush", {}),
        ("http://collector", {"X-Key": "hush\r\nX-Other: 1"}),
        ("http://collector", {"X-Key": "hush\u20ac"}),
        ("http://collector", {"X Key": "hush"}),
    ],
)
async def test_addresses_and_headers_that_cannot_be_used_are_refused_at_the_start(
    endpoint: str, headers: dict[str, str]
) -> None:
    """What could never be sent is an error of the configuration, which does not repeat it."""
    tracing = Tracing(
        otlp_endpoint=endpoint, otlp_headers={name: SecretStr(value) for name, value in headers.items()}
    )
    with pytest.raises(ConfigurationError, match=r"tracing\.otlp_") as refused:
        async with open_telemetry(tracing, SOFTWARE):
            pass
    assert "hush" not in str(refused.value)


async def test_an_address_may_have_the_path_already(collector: Receiver) -> None:
    """Both the collector's address and that of its traces are understood."""
    tracing = Tracing(otlp_endpoint=f"{collector.address}/v1/traces/")
    async with open_telemetry(tracing, SOFTWARE) as telemetry:
        telemetry.export(whole_recording())
    assert collector.paths == ["/v1/traces"]


def _wait_until_dropped(telemetry: SendingTelemetry, count: int) -> None:
    deadline = time.monotonic() + 30
    while telemetry.dropped < count:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def _python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
