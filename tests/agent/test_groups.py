"""Documents of groups: what somebody may not read comes out nowhere, and who may read it gets it.

Everything is real but the language model: documents, ingest, store, router, graph, checkpoints, HTTP. The
canaries of a world are looked for in all that a question brings out.
"""

import json
import re
import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from langchain_core.runnables import RunnableConfig
from qdrant_edge import UpdateOperation

from agent.answer import Answer
from agent.assistant import open_session
from agent.bootstrap import Library, open_library
from agent.events import Event
from agent.learning import routers_for
from agent.session import Session
from agent.settings import load
from tests.agent.canaries import GROUPS, SHARED, Page, pages, principals, write_world
from tests.endpoint.reader import reader
from tests.endpoint.server import Endpoint, Reply, Request
from tools.errors import ConfigurationError
from tools.knowledge.store_edge import EdgeStore
from tools.text.words import stems
from tools.types import Filter, Principal

SUCCESSOR = re.compile(r"superseded_by='[^']*'")
LOCAL = '[assistant]\nmode = "local"\n'


@dataclass(slots=True, kw_only=True)
class Installation:
    """An opened world."""

    world: Sequence[Page]
    library: Library
    session: Session
    prompts: list[str] = field(default_factory=list)
    """Everything that the model was sent."""

    async def ask(self, question: str, groups: Iterable[str], *, thread: str | None = None) -> "Heard":
        """Ask as a member of some groups, and collect all that comes out."""
        self.prompts.clear()
        events: list[Event] = []
        answer = await self.session.ask(
            question,
            thread_id=thread,
            principal=Principal(groups=frozenset(groups)),
            on_event=events.append,
        )
        config: RunnableConfig = {"configurable": {"thread_id": answer.thread_id}}
        snapshot = await self.session._graph.aget_state(config)
        return Heard(answer=answer, events=events, state=snapshot.values, prompts=[*self.prompts])


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one question brought out."""

    answer: Answer
    events: Sequence[Event]
    state: dict[str, Any]
    """The last checkpoint of its thread."""
    prompts: Sequence[str]

    def told(self) -> str:
        """Return all that is shown, sent or kept, but what was answered before.

        What a document that may be read says of its successor is its own.
        """
        state = {name: value for name, value in self.state.items() if name != "history"}
        said = SUCCESSOR.sub("", repr(state))
        return f"{self.answer.model_dump_json()}\n{self.events!r}\n{self.prompts}\n{said}"


def leaks(world: Sequence[Page], groups: frozenset[str], told: str) -> list[str]:
    """Return the canaries of documents that somebody in these groups may not read."""
    return [page.canary for page in world if not page.is_for(groups) and page.canary in told]


@asynccontextmanager
async def opened(folder: Path, seed: int, *, llm: bool = False) -> AsyncIterator[Installation]:
    """Open a random world."""
    world = pages(seed)
    prompts: list[str] = []
    respond = reader()

    def recorded(request: Request) -> Reply:
        prompts.append(json.dumps(request.body, ensure_ascii=False))
        return respond(request)

    async with AsyncExitStack() as stack:
        more = LOCAL
        if llm:
            endpoint = stack.enter_context(Endpoint(recorded))
            more = f'[models]\nbase_url = "{endpoint.base_url}"\napi_key = "any"\nchat = "reader"\n'
            more += "datamarking = false\n"
        file = write_world(folder, world, more=more)
        library = stack.enter_context(open_library(load(file)))
        for name in library.settings.knowledge_bases:
            assert not library.ingest(name).failed
        session = await stack.enter_async_context(open_session(library))
        yield Installation(world=world, library=library, session=session, prompts=prompts)


@pytest.mark.parametrize("seed", [1, 2])
async def test_what_somebody_may_not_read_comes_out_nowhere(tmp_path: Path, seed: int) -> None:
    """Whatever is asked, by whomever: no canary in answer, events, choices, notes or checkpoint."""
    async with opened(tmp_path, seed) as place:
        for groups in principals(seed):
            for question in (*(page.question for page in place.world[seed % 2 :: 2]), *SHARED):
                heard = await place.ask(question, groups)
                assert leaks(place.world, groups, heard.told()) == [], question


async def test_who_has_heard_of_a_closed_product_learns_nothing_of_it(tmp_path: Path) -> None:
    """A name that only closed documents write is neither spelled out nor known to exist."""
    async with opened(tmp_path, 3) as place:
        for groups in [*principals(3)][:4]:
            for page in place.world[::2]:
                first, second = page.guesses
                heard = await place.ask(first, groups)
                assert leaks(place.world, groups, heard.told()) == [], first
                heard = await place.ask(second, groups, thread=heard.answer.thread_id)
                assert leaks(place.world, groups, heard.told()) == [], second


async def test_members_get_what_is_theirs(tmp_path: Path) -> None:
    """Every document is quoted to everybody who may read it, and found by nobody else."""
    async with opened(tmp_path, 6) as place:
        for groups in principals(6):
            for page in place.world[1::2]:
                heard = await place.ask(page.question, groups)
                found = {hit.chunk.source for one in heard.state["evidence"] for hit in one.hits}
                assert (page.source in found) == page.is_for(groups), page
                assert (page.canary in heard.answer.answer) == page.is_for(groups), page


async def test_an_asker_who_leaves_a_group_is_told_no_more_of_it(tmp_path: Path) -> None:
    """In a thread begun as a member, later answers, pauses and evidence hold nothing of the group."""
    async with opened(tmp_path, 7) as place:
        mine = frozenset[str]()
        for page in place.world[::2]:
            for question in (SHARED[0], page.question):
                first = await place.ask(question, {"staff", "partners", "board"})
                for later in ("What else does it come with?", page.question):
                    heard = await place.ask(later, mine, thread=first.answer.thread_id)
                    known = [*heard.state["history"], first.answer.answer]
                    told = heard.told()
                    fresh = [one for one in leaks(place.world, mine, told) if one not in repr(known)]
                    assert fresh == [], later
                    found = SUCCESSOR.sub("", repr((heard.answer.citations, heard.state["evidence"])))
                    assert leaks(place.world, mine, found) == [], later


@pytest.mark.enable_socket
async def test_no_prompt_holds_what_the_asker_may_not_read(tmp_path: Path) -> None:
    """With a language model every request that is sent is looked through, names of successors included."""
    async with opened(tmp_path, 9, llm=True) as place:
        asked = 0
        for groups in [*principals(9)][:3]:
            for question in (*(page.question for page in place.world[::3]), *SHARED):
                heard = await place.ask(question, groups)
                assert leaks(place.world, groups, heard.told()) == [], question
                asked += len(heard.prompts)
        member = await place.ask(place.world[0].question, place.world[0].groups)
    assert asked > 30
    assert place.world[0].canary in member.answer.answer


async def test_a_change_of_groups_takes_effect_with_the_next_ingest(tmp_path: Path) -> None:
    """The text stays and only its readers change, in both directions."""
    async with opened(tmp_path, 10) as place:
        page = next(page for page in place.world if page.groups == ())
        file = tmp_path / page.base / page.source
        assert page.canary in (await place.ask(page.question, ())).answer.answer
        file.write_text(page.text.replace("title:", "groups: board\ntitle:"), encoding="utf-8")
        assert place.library.ingest(page.base).updated == 1
        assert page.canary not in (await place.ask(page.question, {"staff"})).told()
        assert page.canary in (await place.ask(page.question, {"board"})).answer.answer
        file.write_text(page.text, encoding="utf-8")
        assert place.library.ingest(page.base).updated == 1
        assert page.canary in (await place.ask(page.question, ())).answer.answer


async def test_an_index_of_an_older_version_serves_nothing_until_it_is_made_anew(tmp_path: Path) -> None:
    """Passages without a word on groups are found by nobody, the operator is told, and ingest mends it."""
    async with opened(tmp_path, 11) as place:
        library, store = place.library, place.library.store
        bases = [*library.settings.knowledge_bases]
        assert isinstance(store, EdgeStore)
        points: list[int | UUID | str] = [identifier for name in bases for identifier in store.ids(name)]
        store._shard.update(UpdateOperation.delete_payload(points, ["groups"]))
        with closing(sqlite3.connect(library.settings.folder / "manifest.db")) as manifest, manifest:
            manifest.execute("UPDATE documents SET pipeline = '2' || substr(pipeline, 2)")
            manifest.execute("UPDATE files SET fingerprint = 'of the older version'")
        everybody = Filter(groups=frozenset(GROUPS))
        assert store.search("What does it come with?", None, limit=9, where=everybody) == []
        with pytest.raises(ConfigurationError, match="older version; run: plumbline ingest"):
            library.check_ingested()
        assert sum(library.ingest(name).updated for name in bases) == len(place.world)
        library.check_ingested()
        assert store.search("What does it come with?", None, limit=9, where=everybody) != []


async def test_what_is_remembered_of_the_documents_is_kept_apart_by_reader(tmp_path: Path) -> None:
    """A router that was learned before knows as much for each asker as the one that was just learned."""
    async with opened(tmp_path, 12) as place:
        library = place.library
        settings, manifest = library.settings, library.manifest
        kept = settings.folder / "router" / "router.npz"
        written = kept.stat().st_mtime_ns
        again = routers_for(settings, store=library.store, manifest=manifest, embedder=library.embedder)
        assert kept.stat().st_mtime_ns == written
        for groups in principals(12):
            known = again.of(Principal(groups=groups))
            mine = [page for page in place.world if page.is_for(groups)]
            assert set(known.lexicon.products) == {page.canary for page in mine if page.named}
            assert all(known.lexicon.totals[base] for base in {page.base for page in mine})
            canaries = {stem: page for page in place.world for stem in stems(page.canary)}
            assert {page for stem, page in canaries.items() if known.lexicon.known(stem)} == set(mine)
