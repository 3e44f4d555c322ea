"""The local judge's verdicts."""

from graph.reasoning.local.judge import LocalJudge
from graph.state import Assessment, Claim, Draft, Evidence, Verification
from tests.fakes_graph import (
    chunk_of,
    finder_of,
    hit_of,
    lexicon_of,
    part_of,
    passage_citation,
    plan_of,
    rows_of,
)
from tools.metering import Meter
from tools.types import Chunk, Hit, Match, Metadata

QUESTION = "How long does the kettle boil water?"


def about(product: str, text: str, number: int) -> Chunk:
    """Return a passage of a document about one product."""
    metadata = Metadata(products=(product,))
    return chunk_of(text, identifier=str(number), source=f"{number}.md", title="Guide", metadata=metadata)


BOIL = chunk_of("The kettle boils water for two minutes.")
RED = about("Redling", "The kettle boils water for two minutes.", 1)
BLUE = about("Bluebell", "The kettle boils water for four minutes.", 2)


async def judged(
    *chunks: Chunk,
    question: str = QUESTION,
    abstain: float = 0.2,
    products: tuple[str, ...] = (),
    rows: bool = False,
) -> Assessment:
    """Return the verdict on one part over these passages, as a search by meaning scored them."""
    corpus = (BOIL, RED, BLUE)
    judge = LocalJudge(lexicon=lexicon_of(*corpus), finder=finder_of(*corpus), abstain=abstain)
    hits = tuple(Hit(chunk=chunk, score=1.0, explanation={"dense": 0.8}) for chunk in chunks)
    matches = (Match(query="stock", score=0.7),) if rows else ()
    evidence = Evidence(hits=hits, rows=(rows_of(("Kettle", 4)),) if rows else ())
    part = part_of(question, products=products, matches=matches)
    (verdict,) = await judge.assess(plan_of(part), [evidence])
    return verdict


async def test_a_passage_that_answers_is_sufficient() -> None:
    """The supports quote it."""
    verdict = await judged(BOIL)
    assert verdict.verdict == "sufficient"
    assert verdict.supports[0].text == BOIL.text
    assert 0 < verdict.confidence < 1


async def test_without_evidence_there_is_a_gap() -> None:
    """Its note names the question."""
    verdict = await judged()
    assert (verdict.verdict, verdict.supports) == ("gap", ())
    assert QUESTION in (verdict.note or "")


async def test_weak_evidence_is_a_gap() -> None:
    """The threshold is the installation's."""
    assert (await judged(BOIL, abstain=1.01)).verdict == "gap"


async def test_rows_answer_without_passages() -> None:
    """With the probability of the query."""
    verdict = await judged(rows=True)
    assert (verdict.verdict, verdict.confidence, verdict.supports) == ("sufficient", 0.7, ())


async def test_rival_products_are_asked_about() -> None:
    """With the products as choices."""
    verdict = await judged(RED, BLUE)
    assert verdict.verdict == "ambiguous"
    assert set(verdict.choices) == {"Redling", "Bluebell"}
    assert all(name in (verdict.ask or "") for name in verdict.choices)


async def test_names_that_carry_something_are_asked_about_without_it() -> None:
    """And of what has no other name nobody is asked."""
    names = ("[Redling](https://evil.example/r)", "<img src=https://evil.example/b> Bluebell [1]")
    one, other = (about(name, f"{RED.text} {number}", number) for number, name in enumerate(names, 3))
    verdict = await judged(one, other)
    assert verdict.choices == ("Redling", "Bluebell (1)")
    assert verdict.ask == "Which one do you mean: Redling or Bluebell (1)?"
    nameless = about("![x](https://evil.example/x)", f"{BLUE.text} 5", 5)
    assert (await judged(one, nameless)).verdict == "sufficient"


async def test_a_named_product_or_a_general_document_is_not_ambiguous() -> None:
    """Nor is a question that asks which one, or one that the database answers."""
    assert (await judged(RED, BLUE, products=("Redling",))).verdict == "sufficient"
    assert (await judged(BOIL, RED, BLUE)).verdict == "sufficient"
    assert (await judged(RED, BLUE, question=f"Which one? {QUESTION}")).verdict == "sufficient"
    assert (await judged(RED, BLUE, rows=True)).verdict == "sufficient"


async def test_a_draft_is_checked_against_the_evidence() -> None:
    """One claim holds and one does not."""
    judge = LocalJudge(lexicon=lexicon_of(BOIL), finder=finder_of(BOIL), abstain=0.2)
    claims = (Claim(text=BOIL.text, citations=(1,)), Claim(text="For nine minutes.", citations=(1,)))
    draft = Draft(claims=claims, citations=(passage_citation(BOIL, BOIL.text),))
    found = await judge.verify(
        draft,
        [Evidence(hits=(hit_of(BOIL),))],
        question="",
        before=Verification(faithfulness=1.0),
        meter=Meter(),
    )
    assert (found.faithfulness, [number for number, _ in found.rejected]) == (0.5, [1])
