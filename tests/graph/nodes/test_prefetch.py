"""The node `prefetch`."""

from collections.abc import Callable

import pytest
from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.nodes.prefetch import prefetch
from graph.state import State
from tests.fakes_graph import chunk_of, deps_of, store_with
from tools.errors import TransientError
from tools.types import Metadata

Runner = Callable[[Deps], Runtime[Deps]]


async def test_every_base_is_searched_for_the_question_as_asked(runtime: Runner) -> None:
    """One list a base, in the order of the configuration, under the question's own words."""
    store = store_with(
        chunk_of("Boil water."), chunk_of("Return it.", identifier="chunk-2", base="rules", source="r.md")
    )
    update = await prefetch(State(question="boil water"), runtime(deps_of(store=store)))
    lists = update["prefetched"]
    assert [(found.query, found.knowledge_base) for found in lists] == [
        ("boil water", "guides"),
        ("boil water", "rules"),
    ]
    assert [[hit.chunk.id for hit in found.hits] for found in lists] == [["chunk-1"], ["chunk-2"]]


async def test_the_first_search_is_made_for_the_asker_as_well(runtime: Runner) -> None:
    """A document of groups is not found in passing."""
    closed = chunk_of("Boil gold.", metadata=Metadata(groups=("staff",)))
    update = await prefetch(State(question="boil gold"), runtime(deps_of(store=store_with(closed))))
    assert [found.hits for found in update["prefetched"]] == [(), ()]


async def test_no_base_gives_no_list(runtime: Runner) -> None:
    """An installation with a database alone searches nothing."""
    assert await prefetch(State(question="x"), runtime(deps_of(bases={}))) == {
        "prefetched": [],
        "failures": [],
    }


async def test_a_store_that_is_away_is_not_hidden_by_the_node(runtime: Runner) -> None:
    """Retry and degradation are the graph's business."""
    store = store_with()
    store.close()
    with pytest.raises(TransientError):
        await prefetch(State(question="x"), runtime(deps_of(store=store)))
