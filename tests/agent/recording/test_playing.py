"""Calls through every port: what is written down of them plays back as it was."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from datetime import date
from time import perf_counter

import numpy
import pytest
from langgraph.types import Overwrite
from pydantic import BaseModel

from agent.recording.attachments import Attachments
from agent.recording.chat import TapedChat
from agent.recording.judging import TapedClassifier
from agent.recording.playing import NothingThere, Player, Unanswered
from agent.recording.ports import (
    TapedCatalog,
    TapedClock,
    TapedDatabase,
    TapedEmbedder,
    TapedReranker,
    TapedSimilarity,
    TapedStore,
)
from agent.recording.recorder import Ended, Recorder
from agent.recording.recording import Recording
from agent.recording.states import applied
from agent.recording.tape import StepNote, Tape
from agent.recording.values import Encoder, digest_of
from tests.fakes import FakeEmbedder
from tests.fakes_chat import FakeChat
from tests.fakes_database import FakeCatalog, FakeDatabase
from tests.fakes_graph import FixedClock, chunk_of, lexicon_of, store_with
from tools.database.schema import Column, Schema, TableSchema
from tools.errors import (
    BudgetExceeded,
    DeadlineExceeded,
    ModelRefused,
    PlumblineError,
    RejectedQuery,
    TransientError,
)
from tools.knowledge.similarity import EmbeddedSimilarity
from tools.metering import Budget, Meter
from tools.types import ANYONE, Filter, Match, Message, Metadata, Principal, Prompt, Rows

BOIL = chunk_of(
    "The kettle boils for two minutes.",
    metadata=Metadata(valid_from=date(2025, 1, 31), products=("Kettle",), groups=("staff",)),
)
PROMPT = Prompt(name="greet", messages=(Message(role="user", text="Say hello."),))


def on(tape: Tape) -> StepNote:
    """Return a step that is under way."""
    return StepNote(
        node="node",
        superstep=1,
        path=("__pregel_pull", "node"),
        attempt=1,
        state={},
        started=perf_counter(),
    )


def recording_of(tape: Tape) -> Recording:
    """Write a tape down."""
    tape.ended = perf_counter()
    return Recorder().recording(
        Ended(tape=tape, question="?", principal=ANYONE, knowledge=None, setup={}, owner="somebody")
    )


def written_down(work: Callable[[], object]) -> Recording:
    """Do some work in a step and return the recording."""
    tape = Tape(run_id="run", thread_id="thread")
    with tape.running(), tape.step(on(tape)), suppress(PlumblineError):
        work()
    return recording_of(tape)


def played(recording: Recording, work: Callable[[], object]) -> object:
    """Do the same work with nothing but the recording."""
    tape = Tape(run_id="run", thread_id="thread", answering=Player(recording, strict=True))
    with tape.running(), tape.step(on(tape)):
        return work()


class _Nothing:
    def __getattr__(self, name: str) -> object:
        raise NothingThere(name)


class _Router:
    """Knows two bases."""

    bases = ("guides", "rules")
    lexicon = lexicon_of(BOIL)

    def probabilities(self, question: str, embedder: FakeEmbedder) -> tuple[dict[str, float], float]:
        """Ask the embedder, as a router does."""
        embedder.embed([question])
        return {"guides": 0.75, "rules": 0.1}, 0.9


class _Reranker:
    name = "words"

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """Count the letters."""
        return [float(len(text)) for text in texts]


EMBEDDER, NOTHING = FakeEmbedder(), _Nothing()
STORE = store_with(BOIL)
MATCH = Match(query="stock", score=0.9, parameters=(("product", "Kettle"),))
ROWS = Rows(name="stock", statement="SELECT 1", parameters=(), columns=("n",), rows=((1,), (None,), ("x",)))
STAFF = Principal(groups=frozenset({"staff"}), attributes=(("region", "north"),))
CALLS: dict[str, tuple[object, object, Callable[[object], object]]] = {
    "embed": (TapedEmbedder(EMBEDDER), TapedEmbedder(NOTHING), lambda port: port.embed(["a", "b"])),  # type: ignore[attr-defined, arg-type]
    "nearness": (
        TapedSimilarity(EmbeddedSimilarity(EMBEDDER)),
        TapedSimilarity(NOTHING),  # type: ignore[arg-type]
        lambda port: port.nearness(["a", "b"], ["c"], seconds=1.0),  # type: ignore[attr-defined]
    ),
    "search": (
        TapedStore(STORE),
        TapedStore(NOTHING),  # type: ignore[arg-type]
        lambda port: port.search(  # type: ignore[attr-defined]
            "kettle", EMBEDDER.embed(["kettle"]), limit=3, where=Filter(groups=frozenset({"staff", "b"}))
        ),
    ),
    "match": (
        TapedCatalog(FakeCatalog(matches={"stock?": [MATCH]})),
        TapedCatalog(NOTHING),  # type: ignore[arg-type]
        lambda port: port.match("stock?", EMBEDDER.embed(["stock?"]), today=date(2026, 3, 1)),  # type: ignore[attr-defined]
    ),
    "score": (TapedReranker(_Reranker()), TapedReranker(NOTHING), lambda port: port.score("q", ["a", "bc"])),  # type: ignore[attr-defined, arg-type]
    "today": (TapedClock(FixedClock()), TapedClock(NOTHING), lambda port: port.today()),  # type: ignore[attr-defined, arg-type]
    "probabilities": (
        TapedClassifier(_Router()),  # type: ignore[arg-type]
        TapedClassifier(NOTHING),  # type: ignore[arg-type]
        lambda port: port.probabilities("where?", TapedEmbedder(EMBEDDER)),  # type: ignore[attr-defined]
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_recorded_call_plays_back_as_it_was(name: str) -> None:
    """Equal value, equal types; outside of a run the call goes straight through."""
    live, silent, ask = CALLS[name]
    through = ask(live)
    recording = written_down(lambda: ask(live))
    again = played(recording, lambda: ask(silent))
    encoder = Encoder(Attachments())
    assert digest_of(encoder.json(again)) == digest_of(encoder.json(through))
    assert type(again) is type(through)
    assert [call.method for call in recording.calls if call.within is None] == [name]


def test_a_call_within_a_call_is_shown_and_not_needed() -> None:
    """The embedding that a router asks for belongs to the router's call."""
    live, silent, ask = CALLS["probabilities"]
    recording = written_down(lambda: ask(live))
    assert [(call.method, call.within) for call in recording.calls] == [("probabilities", None), ("embed", 1)]
    assert recording.calls[1].response is None
    assert played(recording, lambda: ask(silent)) == ({"guides": 0.75, "rules": 0.1}, 0.9)


@pytest.mark.parametrize(
    "error",
    [
        RejectedQuery("no such table", "unknown_table"),
        DeadlineExceeded("too slow"),
        TransientError("away"),
        BudgetExceeded("tokens", "used up"),
        ModelRefused("no key"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_call_that_failed_fails_alike(error: PlumblineError) -> None:
    """Its kind, its words and what it carries come back."""

    class Failing:
        dialect = "sqlite"

        def fetch(self, *_: object, **__: object) -> None:
            raise error

    def ask(port: TapedDatabase) -> object:
        return port.fetch("SELECT 1", {}, limit=1, principal=STAFF)

    recording = written_down(lambda: ask(TapedDatabase(Failing())))  # type: ignore[arg-type]
    with pytest.raises(type(error)) as raised:
        played(recording, lambda: ask(TapedDatabase(Failing())))  # type: ignore[arg-type]
    assert str(raised.value) == str(error)
    for name in ("problem", "limit"):
        assert getattr(raised.value, name, None) == getattr(error, name, None)


def test_an_error_that_is_not_ours_tells_nothing_but_its_kind() -> None:
    """Nobody knows what stands in the words of a library's error."""

    class Broken:
        def today(self) -> date:
            raise ConnectionError("postgresql://user:CANARY@host")

    tape = Tape(run_id="run", thread_id="thread")
    with tape.running(), pytest.raises(ConnectionError), tape.step(on(tape)):
        TapedClock(Broken()).today()
    recording = recording_of(tape)
    assert recording.calls[0].failure is not None
    assert recording.calls[0].failure.type == "ConnectionError"
    assert "CANARY" not in repr(recording)


def test_what_was_not_asked_then_is_not_answered() -> None:
    """A strict player names port, method and what was asked."""
    live, _, ask = CALLS["search"]
    recording = written_down(lambda: ask(live))
    with pytest.raises(Unanswered) as raised:
        played(recording, lambda: TapedEmbedder(NOTHING).embed(["never"]))  # type: ignore[arg-type]
    assert (raised.value.port, raised.value.method) == ("embedder", "embed")
    assert raised.value.request == {"texts": ["never"]}


def test_equal_calls_are_answered_in_their_order() -> None:
    """A call that was tried again fails first and then succeeds."""

    class Twice:
        times = 0

        def today(self) -> date:
            self.times += 1
            if self.times == 1:
                raise TransientError("away")
            return date(2026, 1, self.times)

    def try_twice(port: TapedClock) -> list[object]:
        found: list[object] = []
        for _ in range(3):
            try:
                found.append(port.today())
            except TransientError as error:
                found.append(str(error))
        return found

    recording = written_down(lambda: try_twice(TapedClock(Twice())))
    expected = ["away", date(2026, 1, 2), date(2026, 1, 3)]
    assert played(recording, lambda: try_twice(TapedClock(NOTHING))) == expected  # type: ignore[arg-type]


class Hello(BaseModel):
    """A greeting."""

    word: str


async def chatting(chat: TapedChat, meter: Meter) -> list[object]:
    """Ask in all three ways."""
    said: list[object] = [await chat.text(PROMPT, meter=meter)]
    stream: AsyncIterator[str] = chat.stream(PROMPT, meter=meter)
    said.append([piece async for piece in stream])
    said.append(await chat.typed(PROMPT, Hello, meter=meter))
    return said


async def test_a_model_plays_back_with_what_it_cost() -> None:
    """Text, stream and form; the meter of the replay ends with the same calls."""
    chat = TapedChat(FakeChat(lambda _: '{"word": "hello"}'))
    tape, meter = Tape(run_id="run", thread_id="thread"), Meter(budget=Budget(model_calls=9))
    with tape.running(), tape.step(on(tape)):
        said = await chatting(chat, meter)
    recording = recording_of(tape)
    assert [call.method for call in recording.calls] == ["text", "stream", "typed"]
    again = Tape(run_id="run", thread_id="thread", answering=Player(recording, strict=True))
    silent, fresh = TapedChat(FakeChat(lambda _: ModelRefused("asked"))), Meter(budget=Budget(model_calls=9))
    with again.running(), again.step(on(again)):
        assert await chatting(silent, fresh) == said
    assert [call.prompt_hash for call in fresh.calls] == [call.prompt_hash for call in meter.calls]
    assert fresh.tokens == meter.tokens


def test_vectors_come_back_exactly() -> None:
    """Every bit of every float."""
    live, silent, ask = CALLS["embed"]
    recording = written_down(lambda: ask(live))
    numpy.testing.assert_array_equal(played(recording, lambda: ask(silent)), EMBEDDER.embed(["a", "b"]))


def test_a_schema_and_values_are_kept_once_for_all_recordings() -> None:
    """Recordings of one installation refer to the same attachments, and play back with them."""
    schema = Schema(tables=(TableSchema(name="goods", columns=(Column(name="name", type="TEXT"),)),))
    words = tuple(f"word {number}" for number in range(50))
    database = TapedDatabase(FakeDatabase(tables=schema, column_values={("goods", "name"): words}))

    def ask(port: TapedDatabase) -> object:
        return port.schema(STAFF), port.values("goods", "name", limit=100, principal=STAFF)

    first, second = written_down(lambda: ask(database)), written_down(lambda: ask(database))
    assert [call.response for call in first.calls] == [call.response for call in second.calls]
    assert all(set(call.response) == {"$attachment"} for call in first.calls)
    assert played(first, lambda: ask(TapedDatabase(NOTHING))) == (schema, words)  # type: ignore[arg-type]


def test_what_replaces_a_channel_is_told_from_what_adds_to_it() -> None:
    """LangGraph's own escape from a reducer is kept as what it means."""
    assert Encoder(Attachments()).json({"notes": Overwrite([])}) == {"notes": {"$overwrite": []}}
    assert applied({"notes": ["a"]}, [{"notes": ["b"]}, {"notes": {"$overwrite": ["c"]}}]) == {"notes": ["c"]}
    assert applied({"notes": ["a"]}, [{"notes": ["b"]}]) == {"notes": ["a", "b"]}
