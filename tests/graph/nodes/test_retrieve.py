"""The node `retrieve`."""

from collections.abc import Callable
from dataclasses import replace

from langgraph.runtime import Runtime

from graph.deps import Deps, Limits
from graph.nodes.retrieve import retrieve
from graph.state import RetrieveTask
from tests.fakes import FakeEmbedder
from tests.fakes_graph import chunk_of, deps_of, store_with
from tools.types import Metadata, Principal

Runner = Callable[[Deps], Runtime[Deps]]


async def test_one_query_is_searched_in_one_base(runtime: Runner) -> None:
    """Passages of other bases stay out, and the list is labelled with query and base."""
    store = store_with(
        chunk_of("Boil water."), chunk_of("Boil returns.", identifier="chunk-2", base="rules", source="r.md")
    )
    embedder = FakeEmbedder()
    task = RetrieveTask(query="boil", knowledge_base="rules")
    update = await retrieve(task, runtime(deps_of(store=store, embedder=embedder)))
    (found,) = update["retrieved"]
    assert (found.query, found.knowledge_base) == ("boil", "rules")
    assert [hit.chunk.id for hit in found.hits] == ["chunk-2"]
    assert embedder.calls == [("boil",)]


async def test_a_search_returns_no_more_hits_than_the_limit(runtime: Runner) -> None:
    """The limit is applied by the store."""
    store = store_with(*(chunk_of(f"Boil {n}.", identifier=f"chunk-{n}") for n in range(5)))
    deps = replace(deps_of(store=store), limits=Limits(hits_per_query=2))
    update = await retrieve(RetrieveTask(query="boil", knowledge_base="guides"), runtime(deps))
    assert len(update["retrieved"][0].hits) == 2


async def test_a_search_is_made_for_the_asker(runtime: Runner) -> None:
    """A document of groups is found by their members alone."""
    closed = chunk_of("Boil gold.", identifier="chunk-2", metadata=Metadata(groups=("staff",)))
    deps = deps_of(store=store_with(chunk_of("Boil water."), closed))
    task = RetrieveTask(query="boil", knowledge_base="guides")
    for groups, expected in (((), {"chunk-1"}), (("staff", "x"), {"chunk-1", "chunk-2"})):
        own = deps.for_one_run(Principal(groups=frozenset(groups)))
        (found,) = (await retrieve(task, runtime(own)))["retrieved"]
        assert {hit.chunk.id for hit in found.hits} == expected
