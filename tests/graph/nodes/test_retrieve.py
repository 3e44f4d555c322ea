"""The node `retrieve`."""

from collections.abc import Callable
from dataclasses import replace

from langgraph.runtime import Runtime

from graph.deps import Deps, Limits
from graph.nodes.retrieve import retrieve
from graph.state import RetrieveTask
from tests.fakes import FakeEmbedder
from tests.fakes_graph import chunk_of, deps_of, store_with

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
