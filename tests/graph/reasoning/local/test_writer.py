"""The writer that only quotes."""

from graph.reasoning.checks import check_claims
from graph.reasoning.local.writer import LocalWriter
from graph.state import Assessment, Claim, Draft, Evidence, PassageCitation, Token, Verification
from tests.fakes_graph import chunk_of, hit_of, part_of, plan_of, rows_of, support_of
from tests.graph.reasoning.harmless.hostile import dangers
from tools.metering import Meter

TEXT = (
    "You need:\n\n- a lid\n- a cord\n\n1. Fill it.\n2. Boil it.\n\nIt stops. It cools.\n\n"
    "| Part | Price |\n|---|---|\n| Lid | 9 |"
)
CHUNK = chunk_of(TEXT, start=50)
WRITER = LocalWriter()


def answered(*numbers: int) -> Assessment:
    """Return a verdict supported by these units of the passage."""
    return Assessment(
        verdict="sufficient", confidence=1.0, supports=tuple(support_of(CHUNK, n) for n in numbers)
    )


async def written(*numbers: int) -> str:
    """Write from these units, check the draft, and render it."""
    evidence = [Evidence(hits=(hit_of(CHUNK),))]
    streamed: list[Token] = []
    draft = await WRITER.write(
        plan_of(part_of("How?")), evidence, [answered(*numbers)], emit=streamed.append, meter=Meter()
    )
    assert [token.text for token in streamed] == [WRITER.render(draft.claims)]
    assert check_claims(draft, evidence).rejected == ()
    for citation in draft.citations:
        assert isinstance(citation, PassageCitation)
        assert TEXT[citation.start - 50 : citation.end - 50] == citation.quote
    return WRITER.render(draft.claims)


async def test_a_list_stays_a_list() -> None:
    """Its lead-in stands before it; what follows one another shares one citation."""
    assert await written(0, 1, 2) == "You need: [1]\n\n- a lid. [1]\n- a cord. [1]"


async def test_steps_are_numbered() -> None:
    """From one, within their list."""
    assert await written(3, 4) == "1. Fill it. [1]\n2. Boil it. [1]"


async def test_sentences_share_a_paragraph() -> None:
    """Quotations from two places have two citations."""
    assert await written(5, 6) == "It stops. [1] It cools. [1]"
    assert await written(6, 0) == "It cools. [1] You need: [2]"


async def test_a_table_row_is_told_with_its_columns() -> None:
    """As a sentence with an end."""
    assert await written(7) == "Lid — Price: 9. [1]"


async def test_rows_come_first_and_each_part_has_its_paragraph() -> None:
    """A part without an answer has none; empty results without a sentence say nothing."""
    tables = (rows_of(("Kettle", 4), ("Mug", 0)), rows_of(), rows_of(empty="No orders."))
    evidence = [Evidence(hits=(hit_of(CHUNK),), rows=tables), Evidence(), Evidence(hits=(hit_of(CHUNK),))]
    verdicts = [answered(5), Assessment(verdict="gap", confidence=0.0), answered(6)]
    draft = await WRITER.write(
        plan_of(*(part_of(q) for q in ("a?", "b?", "c?"))),
        evidence,
        verdicts,
        emit=lambda _: None,
        meter=Meter(),
    )
    assert [claim.part for claim in draft.claims] == [0, 0, 0, 2]
    blocks = WRITER.render(draft.claims).split("\n\n")
    assert blocks[0] == "Stock of products (2 rows). [1]"
    assert blocks[1].startswith("| name | stock |")
    assert blocks[2:] == ["No orders. [2] It stops. [3]", "It cools. [4]"]


def test_a_claim_shows_all_its_marks() -> None:
    """In the order in which the claim names them."""
    assert WRITER.render([Claim(text="It stops.", citations=(2, 5))]) == "It stops. [2][5]"
    assert WRITER.render([]) == ""


async def test_a_streamed_draft_and_the_answer_show_only_what_is_harmless() -> None:
    """No link, image, tag or mark of ours out of passages or cells; the claims stay exact."""
    chunk = chunk_of("Boil it [7] ![x](https://evil.example/x) and write to help@kettle.example.")
    rows = rows_of(("[Mug](https://evil.example/m) 【1】", 4), ("<img src=x> Lid", 2))
    evidence = [Evidence(hits=(hit_of(chunk),), rows=(rows,))]
    verdict = Assessment(verdict="sufficient", confidence=1.0, supports=(support_of(chunk, 0),))
    streamed: list[Token] = []
    plan = plan_of(part_of("How?"))
    draft = await WRITER.write(plan, evidence, [verdict], emit=streamed.append, meter=Meter())
    shown = WRITER.render(draft.claims)
    assert [token.text for token in streamed] == [shown]
    assert dangers(shown) == []
    assert "| Mug (1) | 4 |\n|  Lid | 2 |" in shown
    assert shown.endswith("Boil it (7) x and write to help@kettle.example. [2]")
    assert check_claims(draft, evidence).rejected == ()


async def test_a_quotation_is_not_put_in_other_words() -> None:
    """What does not hold is for others to cut."""
    draft = Draft(claims=(Claim(text="It stops.", citations=()),))
    found = Verification(faithfulness=0.0, rejected=((0, "it cites nothing"),))
    plan = plan_of(part_of("How?"))
    again = await WRITER.revise(plan, [Evidence()], draft, found, emit=lambda _: None, meter=Meter())
    assert again == draft
