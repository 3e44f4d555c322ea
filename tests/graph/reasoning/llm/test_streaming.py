"""The draft, while it is written."""

import re
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.reasoning.llm.drafting import read_draft
from graph.reasoning.llm.streaming import DraftStream
from graph.reasoning.local.writer import LocalWriter
from tests.graph.reasoning.harmless.hostile import HOSTILE, LEAK, dangers
from tests.graph.reasoning.llm.replies import SOURCES, WELL_BEHAVED


def streamed(pieces: Iterable[str]) -> list[str]:
    """Return what each piece brings, and what the end brings."""
    stream = DraftStream(SOURCES)
    return [*(stream.feed(piece) for piece in pieces), stream.close()]


def cut(text: str, places: Iterable[int]) -> list[str]:
    """Cut a text at these places."""
    ends = sorted(place % (len(text) + 1) for place in places)
    return [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]


@pytest.mark.parametrize("reply", WELL_BEHAVED.values(), ids=WELL_BEHAVED)
def test_a_well_behaved_reply_streams_as_it_will_be_shown(reply: str) -> None:
    """Up to white space and tables, letter by letter."""
    claims = [claim for claim in read_draft(reply, SOURCES, parts=2).claims if claim.kind != "table"]
    assert "".join("".join(streamed(reply)).split()) == "".join(LocalWriter().render(claims).split())


@given(st.sampled_from(sorted(WELL_BEHAVED.values())) | HOSTILE, st.lists(st.integers(0, 200), max_size=12))
def test_the_cutting_changes_nothing_and_nothing_harmful_passes(text: str, places: list[int]) -> None:
    """What was passed on is harmless at every moment."""
    shown = ""
    for piece in streamed(cut(text, places)):
        shown += piece
        assert dangers(shown) == []
        assert not LEAK.search(shown)
    assert shown == "".join(streamed([text])) == "".join(streamed(text))


def test_a_word_is_passed_on_when_it_is_complete() -> None:
    """From the first one on; marks are held until it is known what follows them."""
    pieces = ["The", " ", "kettle st", "ops [2", "]", ". It", " cools"]
    assert streamed(pieces) == ["", "The", " kettle ", "stops", "", ". [1] ", "It ", "cools"]


def test_ideographs_are_passed_on_one_by_one() -> None:
    """Their scripts have no blanks to wait for."""
    assert streamed("水壶断电[2]。它") == ["", "水", "壶", "断", "电", "", "", "", "。 [1]", "它"]


@pytest.mark.parametrize(
    ("pieces", "brought"),
    [
        pytest.param(["a [no", "te] b", "\n"], ["a", " [note] ", "b", ""], id="plain brackets"),
        pytest.param(["a [b](http", "://x.example) c "], ["a ", "b c", ""], id="link"),
        pytest.param(["a <b", ">b</b> <", " 5 c "], ["a ", "b ", "< 5 c", ""], id="tag"),
        pytest.param(["a https://evil.exa", "mple/x b "], ["a ", "… b", ""], id="address"),
        pytest.param(["a [b](x", "\nc "], ["a ", "[b] (x\nc", ""], id="end of the line"),
        pytest.param(
            ["Not ", "answ", "ered by "], ["", "", "Not answered by", ""], id="perhaps not answered"
        ),
        pytest.param(["Sour", "ces of "], ["", "Sources of", ""], id="perhaps a list of sources"),
        pytest.param(["**A", "** b "], ["", "**A** b", ""], id="perhaps a heading"),
        pytest.param(["1", ". ", "a ", "[2]\n7. b [2]"], ["", "", "1. a", " [1]\n2. b", " [1]"], id="steps"),
        pytest.param(["## ", "1\n", "\na "], ["", "", "a", ""], id="heading of a part"),
    ],
)
def test_what_is_suspicious_waits_until_it_is_decided(pieces: list[str], brought: list[str]) -> None:
    """And no longer."""
    assert streamed(pieces) == brought


def test_numbers_are_those_of_the_final_answer() -> None:
    """Also when a table names a source first."""
    reply = "[table 1]\n\nIt stops [2]. Returns take 14 days [3]. 4 are left [1]."
    shown = "".join(streamed(reply))
    assert re.findall(r"\d+(?=\])", shown) == ["2", "3", "1"]
    assert [claim.citations for claim in read_draft(reply, SOURCES, parts=1).claims] == [
        (1,),
        (2,),
        (3,),
        (1,),
    ]
