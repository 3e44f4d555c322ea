"""A model's reply as claims with citations."""

import pytest
from hypothesis import example, given

from graph.reasoning.checks import check_claims
from graph.reasoning.llm.drafting import LONGEST_CLAIM, read_draft
from graph.reasoning.llm.reading import LONGEST_REPLY
from graph.reasoning.llm.sources import number_sources
from graph.reasoning.local.writer import LocalWriter
from graph.reasoning.tables import as_table
from graph.state import Claim, Draft, Evidence, PassageCitation, RowsCitation
from tests.fakes_graph import hit_of, passage_citation, rows_citation
from tests.graph.reasoning.harmless.hostile import HOSTILE, LEAK, dangers
from tests.graph.reasoning.llm.replies import EVIDENCE, GUIDE, RULES, SOURCES, STOCK, WELL_BEHAVED
from tools.errors import ModelOutputError


def read(text: str, *, parts: int = 2) -> Draft:
    """Read a reply about the kettle."""
    return read_draft(text, SOURCES, parts=parts)


def told(text: str) -> list[tuple[str, tuple[int, ...]]]:
    """Return the claims' texts with their citations."""
    return [(claim.text, claim.citations) for claim in read(text).claims]


@pytest.mark.parametrize("reply", WELL_BEHAVED.values(), ids=WELL_BEHAVED)
def test_a_well_behaved_reply_becomes_cited_claims(reply: str) -> None:
    """Each holds something, cites evidence of this run, and its quotations are exact."""
    draft = read(reply)
    reasons = [reason for _, reason in check_claims(draft, EVIDENCE, quoted=False).rejected]
    assert [reason for reason in reasons if not reason.startswith("the number")] == []
    assert bool(draft.claims) == (reply != "NOT ANSWERED")
    for claim in draft.claims:
        assert claim.citations
        assert claim.kind == "table" or not set("[]#") & set(claim.text)


@pytest.mark.parametrize(
    ("reply", "claims"),
    [
        pytest.param(
            "It stops [2]. It cools [3].", [("It stops.", (1,)), ("It cools.", (2,))], id="before the stop"
        ),
        pytest.param(
            "It stops.[2] It cools. [3]", [("It stops.", (1,)), ("It cools.", (2,))], id="behind the stop"
        ),
        pytest.param("It stops. [2].", [("It stops.", (1,))], id="between two stops"),
        pytest.param(
            "It stops ([2]), and cools [3].", [("It stops, and cools.", (1, 2))], id="in the middle"
        ),
        pytest.param("It [2, 3; 1] stops.", [("It stops.", (1, 2, 3))], id="a list of numbers"),
        pytest.param("It stops [1-3].", [("It stops.", (1, 2, 3))], id="a range"),
        pytest.param("It stops [2], [3].", [("It stops.", (1, 2))], id="comma between marks"),
        pytest.param("It stops [sources 2 and 3].", [("It stops.", (1, 2))], id="in words"),
        pytest.param("It stops (3).", [("It stops (3).", ())], id="round brackets are no marker"),
        pytest.param("It stops [99].", [("It stops.", ())], id="unknown number"),
        pytest.param(
            "[2] It stops. It cools [3].", [("It stops.", (1,)), ("It cools.", (2,))], id="marks first"
        ),
        pytest.param(
            "It stops. It cools [2].", [("It stops.", (1,)), ("It cools.", (1,))], id="the next one's"
        ),
        pytest.param(
            "It stops. It cools.\n[2]", [("It stops.", (1,)), ("It cools.", (1,))], id="marks on a line"
        ),
        pytest.param("It stops.\n\n[2]", [("It stops.", (1,))], id="marks as a paragraph"),
        pytest.param(
            "It stops [2]. It cools.", [("It stops.", (1,)), ("It cools.", ())], id="nothing behind"
        ),
        pytest.param(
            "It stops.\n\nIt cools [2].", [("It stops.", ()), ("It cools.", (1,))], id="own paragraph"
        ),
        pytest.param("It stops\nby itself\n[2]", [("It stops by itself", (1,))], id="wrapped lines"),
        pytest.param(
            "It stops [2]\nIt cools [3]", [("It stops", (1,)), ("It cools", (2,))], id="lines without stops"
        ),
        pytest.param("Do:\n- Fill [3]\n- Boil", [("Do:", (1,)), ("Fill", (1,)), ("Boil", ())], id="lead-in"),
        pytest.param(
            "Here is it:\n\nIt stops [2].", [("Here is it:", (1,)), ("It stops.", (1,))], id="preamble"
        ),
        pytest.param("- Fill [2]\n  and boil [3].", [("Fill and boil.", (1, 2))], id="an item goes on"),
        pytest.param(
            "**It stops. It cools.** [2]", [("It stops.", (1,)), ("It cools.", (1,))], id="cut bold"
        ),
        pytest.param("It stops **[2]**.", [("It stops.", (1,))], id="bold marks"),
        pytest.param("**It** stops `now` [2].", [("**It** stops `now`.", (1,))], id="bold and code stay"),
        pytest.param("Do:\n```sh\nfill --all\n```\n[2]", [("Do:", (1,)), ("fill --all", (1,))], id="code"),
        pytest.param("Ask a@evil.example [2].", [("Ask …", (1,))], id="foreign mail address"),
        pytest.param(
            "Open rules.example/returns [3].", [("Open rules.example/returns.", (1,))], id="known path"
        ),
        pytest.param("evil.io[2]/x and [a](http://b.example/2) [2].", [("… and a.", (1,))], id="cut address"),
        pytest.param("NOT ANSWERED.\n\n- Not answered", [], id="not answered"),
        pytest.param("**[table 1]**\n\n[table 9]\n[table 2]", [(as_table(STOCK), (1,))], id="tables"),
        pytest.param("", [], id="nothing"),
        pytest.param("…\n\n***\n\n-", [], id="no words"),
    ],
)
def test_markers_are_read_as_models_write_them(reply: str, claims: list[tuple[str, tuple[int, ...]]]) -> None:
    """Which sentence they belong to, and what is left without them."""
    assert told(reply) == claims


def test_kinds_and_order_are_kept() -> None:
    """Sentences, items, steps and tables; rows of a table of the model's own become items."""
    reply = (
        "It stops [2].\n\n- a [2]\n\n1. b [2]\n\nIn stock:\n\n[table 1]\n[table 1]\n\n"
        "| Part | Price | Source |\n|---|---|---|\n| Lid | 9 | [2] |\n| Cord | 12 | [3] |\n"
    )
    assert [(claim.kind, claim.text, claim.citations) for claim in read(reply).claims] == [
        ("sentence", "It stops.", (1,)),
        ("item", "a", (1,)),
        ("step", "b", (1,)),
        ("sentence", "In stock:", (2,)),
        ("table", as_table(STOCK), (2,)),
        ("item", "Lid — Price: 9", (1,)),
        ("item", "Cord — Price: 12", (3,)),
    ]


def test_citations_count_by_first_appearance_and_quote_what_is_claimed() -> None:
    """One for each source; rows are cited whole."""
    draft = read("Returns take 14 days [3]. The kettle stops by itself [2]. 4 are left [1]. Bring it [3].")
    assert draft.citations == (
        passage_citation(RULES, "Returns take 14 days."),
        passage_citation(GUIDE, "The kettle stops by itself.", number=2),
        rows_citation(STOCK, number=3),
    )


def test_a_part_begins_with_its_heading() -> None:
    """Everything up to the next one belongs to it; other headings change nothing."""
    reply = "It cools [3].\n\n## 2: Why?\n\nA [2].\n\n### More\n\nB [3].\n\n## 1\n- C [3]\n\n## 7\n\nD [3]."
    assert [claim.part for claim in read(reply).claims] == [1, 1, 1, 0, 0]


def test_without_headings_a_claim_belongs_to_the_part_of_its_source() -> None:
    """The first it cites; one without any to the part of the claim before."""
    assert [claim.part for claim in read("A [3][2].\n\nB.\n\nC [2].\n\nD.").claims] == [1, 1, 0, 0]


def test_a_list_of_sources_ends_where_the_answer_goes_on() -> None:
    """Behind an empty line, or with the next part."""
    reply = "A [2].\n\nSources:\nKettle\n\n- [3] Rules\n\nB [2].\n\nSource: [3]\n\n## 2\nC [3].\n\n来源：[3]"
    assert [text for text, _ in told(reply)] == ["A.", "B.", "C."]


def test_a_passage_in_use_nowhere_is_not_cited() -> None:
    """Its number stays free, so that the stream's numbers hold."""
    draft = read("| Part [3] | Price |\n|---|---|\n| Lid | 9 [2] |")
    assert [citation.id for citation in draft.citations] == [2]
    assert draft.claims == (Claim(text="Lid — Price: 9", citations=(2,), kind="item", part=0),)


def test_a_reply_without_sources_cites_nothing() -> None:
    """Verification will reject it."""
    assert read_draft("It stops [1].", (), parts=1) == Draft(claims=(Claim(text="It stops.", citations=()),))


def test_a_passage_far_into_its_document_is_quoted_at_its_place() -> None:
    """Offsets count in the document."""
    sources = number_sources([Evidence(hits=(hit_of(GUIDE),))])
    (citation,) = read_draft("It weighs 2 kg [1].", sources, parts=1).citations
    assert isinstance(citation, PassageCitation)
    assert citation.quote == "It weighs 2 kg and holds 1.7 l."
    assert GUIDE.text[citation.start - 50 : citation.end - 50] == citation.quote


def test_a_claim_too_long_to_be_checked_is_cut_and_cites_nothing() -> None:
    """So that verification withholds it, and says so; the others stay."""
    draft = read(f"It stops [2]. It {'very ' * LONGEST_CLAIM}stops [2]. It cools [3].")
    assert [claim.citations for claim in draft.claims] == [(1,), (), (2,)]
    assert max(len(claim.text) for claim in draft.claims) <= LONGEST_CLAIM + 1
    rejected = check_claims(draft, EVIDENCE, quoted=False).rejected
    assert rejected == ((1, "it cites nothing"),)


@pytest.mark.parametrize("filling", ["word ", "![", "\n", "- a\n", "[1]", "# ", "<", "Sources:\n"])
def test_a_reply_without_an_end_is_no_answer(filling: str) -> None:
    """Whatever it is full of; reasoning does not count."""
    with pytest.raises(ModelOutputError, match="does not come to an end"):
        read(f"It stops [2]. {filling * LONGEST_REPLY}")
    thought = "<think>\n" + "perhaps\n" * LONGEST_REPLY + "</think>\n"
    assert [claim.text for claim in read(f"{thought}It stops [2].").claims] == ["It stops."]


@given(HOSTILE)
@example("`1. <? ")
@example("1. It boils [1] : <? ! [x] : y")
def test_whatever_a_model_writes_its_claims_are_harmless(text: str) -> None:
    """No marker, link, image or tag; every citation is evidence of this run, and exact."""
    draft = read(text)
    for claim in draft.claims:
        assert claim.kind == "table" or (claim.text and "\n" not in claim.text)
        assert dangers(claim.text) == []
        assert not LEAK.search(claim.text)
        assert set(claim.citations) <= {citation.id for citation in draft.citations}
    assert dangers(LocalWriter().render(draft.claims)) == []
    for citation in draft.citations:
        if isinstance(citation, RowsCitation):
            assert citation.rows == STOCK.rows
        else:
            chunk = {GUIDE.id: GUIDE, RULES.id: RULES}[citation.chunk_id]
            assert chunk.text[citation.start - chunk.start : citation.end - chunk.start] == citation.quote
