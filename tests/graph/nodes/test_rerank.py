"""The node `rerank`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest
from langgraph.runtime import Runtime

from graph.deps import Deps, Limits
from graph.nodes.rerank import rerank
from graph.plan import Family, Part, Query
from graph.state import Queried, Retrieved, State
from tests.fakes_graph import chunk_of, deps_of, hit_of, part_of, plan_of, route_of, rows_of
from tools.ranking.rules import Rule
from tools.types import Hit, Metadata

Runner = Callable[[Deps], Runtime[Deps]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthReranker:
    """Prefers long texts; the port `Reranker`."""

    name: str = "length"

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """Return a tenth of each length."""
        return [len(text) / 10 for text in texts]


def hits(*texts: str, base: str = "guides") -> tuple[Hit, ...]:
    """Return one hit a text, best first."""
    return tuple(hit_of(chunk_of(text, identifier=f"{base}-{text}", base=base)) for text in texts)


def found(query: str, *texts: str, base: str = "guides") -> Retrieved:
    """Return a result list."""
    return Retrieved(query=query, knowledge_base=base, hits=hits(*texts, base=base))


def texts(state: State, part: int = 0) -> list[str]:
    """Return the passages of a part's evidence in order."""
    return [hit.chunk.text for hit in state["evidence"][part].hits]


async def ranked(runtime: Runtime[Deps], *lists: Retrieved, part: Part | None = None) -> State:
    """Rank these lists for one part."""
    state = State(plan=plan_of(part or part_of("q")), prefetched=[], retrieved=list(lists))
    return await rerank(state, runtime)


async def test_each_part_gets_the_lists_of_its_own_queries_and_bases(runtime: Runner) -> None:
    """Prefetched and retrieved lists count alike; foreign queries and bases stay out."""
    plan = plan_of(part_of("one", bases=("guides",)), part_of("two", bases=("rules",)))
    state = State(
        plan=plan,
        prefetched=[found("one", "alpha"), found("one", "beta", base="rules")],
        retrieved=[found("two", "gamma", base="rules"), found("other", "delta")],
    )
    update = await rerank(state, runtime(deps_of()))
    assert texts(update, 0) == ["alpha"]
    assert texts(update, 1) == ["gamma"]


async def test_rows_go_to_the_part_that_asked_for_them(runtime: Runner) -> None:
    """The number in the task decides."""
    state = State(
        plan=plan_of(part_of("one"), part_of("two")), queried=[Queried(part=1, rows=rows_of(("Kettle", 4)))]
    )
    update = await rerank(state, runtime(deps_of()))
    assert [len(one.rows) for one in update["evidence"]] == [0, 1]


@pytest.mark.parametrize("own", ["question", "sub_question"])
@pytest.mark.parametrize("expansion", ["rewrite", "hypothetical"])
async def test_a_question_weighs_more_than_its_expansions(
    runtime: Runner, own: Family, expansion: Family
) -> None:
    """The head of its own list comes before the head of an expansion's, whichever was found first."""
    queries = (Query(text="wider", family=expansion), Query(text="q", family=own))
    part = replace(part_of("q", bases=("guides",)), queries=queries)
    update = await ranked(runtime(deps_of()), found("wider", "beta"), found("q", "alpha"), part=part)
    assert texts(update) == ["alpha", "beta"]


async def test_a_question_that_is_not_searched_for_lends_no_list(runtime: Runner) -> None:
    """What was prefetched for it stays out when its family is switched off."""
    part = replace(part_of("q", bases=("guides",)), queries=(Query(text="wider", family="rewrite"),))
    update = await ranked(runtime(deps_of()), found("q", "alpha"), found("wider", "beta"), part=part)
    assert texts(update) == ["beta"]


async def test_a_likelier_base_comes_first(runtime: Runner) -> None:
    """A list weighs as much as its base is likely."""
    part = part_of("q", route=route_of(guides=0.2, rules=0.9))
    update = await ranked(
        runtime(deps_of()), found("q", "alpha"), found("q", "beta", base="rules"), part=part
    )
    assert texts(update) == ["beta", "alpha"]


async def test_near_duplicates_are_dropped(runtime: Runner) -> None:
    """The same words in two documents are shown once."""
    same = "Descale the kettle every month with citric acid and rinse it twice."
    update = await ranked(runtime(deps_of()), found("q", same, f"{same} "), part=part_of("q"))
    assert texts(update) == [same]


async def test_a_reranker_decides_the_order_and_leaves_its_score(runtime: Runner) -> None:
    """Its logits are squashed, so that rules can multiply them."""
    deps = replace(deps_of(), reranker=LengthReranker())
    update = await ranked(runtime(deps), found("q", "short", "rather longer text"))
    assert texts(update) == ["rather longer text", "short"]
    best = update["evidence"][0].hits[0]
    assert 0 < best.score < 1
    assert best.explanation["cross_encoder"] == round(len(best.chunk.embedding_text) / 10, 4)


async def test_rules_see_the_products_of_the_part(runtime: Runner) -> None:
    """A passage about another product falls behind."""
    mug = hit_of(chunk_of("alpha", metadata=Metadata(products=("Mug",))))
    pot = hit_of(chunk_of("beta", identifier="2", metadata=Metadata(products=("Pot",))))
    deps = replace(deps_of(), rules=(Rule(kind="product", factor=2.0, mismatch=0.1),))
    lists = Retrieved(query="q", knowledge_base="guides", hits=(mug, pot))
    update = await ranked(runtime(deps), lists, part=part_of("q", products=("Pot",)))
    assert texts(update) == ["beta", "alpha"]
    assert update["evidence"][0].hits[0].explanation["product"] == 2.0


async def test_evidence_keeps_within_tokens_and_passages(runtime: Runner) -> None:
    """Both bounds hold at once."""
    long, short, other = "x " * 400, "kept one", "kept two"
    limits = Limits(evidence_tokens=50, passages_per_part=1)
    update = await ranked(runtime(replace(deps_of(), limits=limits)), found("q", long, short, other))
    assert texts(update) == ["kept one"]


async def test_no_lists_give_empty_evidence(runtime: Runner) -> None:
    """A part for which nothing was found is still there."""
    update = await ranked(runtime(deps_of()))
    assert [one.hits for one in update["evidence"]] == [()]


async def test_switched_off_nothing_is_dropped_scored_or_ruled(runtime: Runner) -> None:
    """Passages stay as the searches ranked them, duplicates included."""
    rule = Rule(kind="product", factor=9.0)
    deps = replace(deps_of(), limits=Limits(reranks=False), reranker=LengthReranker(), rules=(rule,))
    update = await ranked(runtime(deps), found("q", "a b c d e", "a b c d e.", "longer than all the others"))
    assert texts(update) == ["a b c d e", "a b c d e.", "longer than all the others"]
    assert all("cross_encoder" not in hit.explanation for hit in update["evidence"][0].hits)
