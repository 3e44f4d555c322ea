"""The declarative ranking rules."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes_graph import chunk_of, hit_of
from tools.ranking.rules import Circumstances, Rule, apply_rules, in_force
from tools.types import Hit, Metadata

TODAY = date(2026, 3, 16)
PLAIN = Circumstances(as_of=TODAY)
OLD = Metadata(valid_from=date(2024, 1, 1), valid_to=date(2025, 12, 31))
NEW = Metadata(valid_from=date(2026, 1, 1))


def hit(metadata: Metadata, *, score: float = 1.0, base: str = "guides", name: str = "1") -> Hit:
    """Return a hit on a document with this metadata."""
    return hit_of(chunk_of("text", identifier=name, base=base, metadata=metadata), score)


def factor(rule: Rule, metadata: Metadata, circumstances: Circumstances = PLAIN) -> float:
    """Return what a rule makes of a score of one; it must be explained exactly when it is not one."""
    (found,) = apply_rules([hit(metadata)], [rule], circumstances)
    assert (rule.kind in found.explanation) == (found.score != 1.0)
    return found.score


@pytest.mark.parametrize(
    ("metadata", "as_of", "expected"),
    [
        pytest.param(OLD, TODAY, 0.2, id="ended"),
        pytest.param(NEW, TODAY, 1.0, id="in force"),
        pytest.param(OLD, date(2025, 6, 1), 1.0, id="in force on the day asked for"),
        pytest.param(NEW, date(2025, 6, 1), 0.2, id="not yet in force on the day asked for"),
        pytest.param(OLD, date(2025, 12, 31), 1.0, id="last day"),
        pytest.param(NEW, date(2026, 1, 1), 1.0, id="first day"),
        pytest.param(Metadata(), TODAY, 1.0, id="undated"),
    ],
)
def test_what_is_not_in_force_is_weakened(metadata: Metadata, as_of: date, expected: float) -> None:
    """Both bounds belong to the validity."""
    assert factor(Rule(kind="superseded", factor=0.2), metadata, Circumstances(as_of=as_of)) == expected
    assert in_force(metadata, as_of) == (expected == 1.0)


@pytest.mark.parametrize(
    ("age", "floor", "expected"),
    [
        pytest.param(0, 0.0, 1.0, id="new"),
        pytest.param(100, 0.0, 0.5, id="one half-life"),
        pytest.param(200, 0.0, 0.25, id="two half-lives"),
        pytest.param(100, 0.6, 0.8, id="half of the weight above the floor"),
        pytest.param(-30, 0.0, 1.0, id="from the future"),
    ],
)
def test_age_halves_the_weight_above_the_floor(age: int, floor: float, expected: float) -> None:
    """Age counts from the first day of validity to the day asked for."""
    rule = Rule(kind="recency", half_life_days=100, floor=floor)
    assert factor(rule, Metadata(valid_from=TODAY - timedelta(days=age))) == pytest.approx(expected)


def test_a_document_of_unknown_age_counts_as_new() -> None:
    """Nothing is held against it."""
    assert factor(Rule(kind="recency", half_life_days=1), Metadata()) == 1.0


@pytest.mark.parametrize(
    ("authority", "expected"), [("official", 1.2), ("community", 0.7), ("?", 1.0), (None, 1.0)]
)
def test_authority_weighs_as_configured(authority: str | None, expected: float) -> None:
    """Unlisted voices keep their weight."""
    rule = Rule(kind="authority", factors={"official": 1.2, "community": 0.7})
    assert factor(rule, Metadata(authority=authority)) == expected


@pytest.mark.parametrize(
    ("products", "revision", "asked", "revisions", "expected"),
    [
        pytest.param(("Mug",), None, ("Mug",), (), 1.5, id="match"),
        pytest.param(("mug", "Pot"), None, ("MUG",), (), 1.5, id="one of several, in any case"),
        pytest.param(("Pot",), None, ("Mug",), (), 0.4, id="another product"),
        pytest.param((), None, ("Mug",), (), 1.0, id="general document"),
        pytest.param(("Mug",), None, (), (), 1.0, id="general question"),
        pytest.param(("Mug",), "B", ("Mug",), ("B",), 1.5, id="right revision"),
        pytest.param(("Mug",), "A", ("Mug",), ("B",), 0.4, id="another revision"),
        pytest.param(("Mug",), "A", ("Mug",), (), 1.5, id="no revision asked for"),
        pytest.param(("Mug",), None, ("Mug",), ("B",), 1.5, id="document about all revisions"),
    ],
)
def test_products_match_or_mismatch(
    products: tuple[str, ...],
    revision: str | None,
    asked: tuple[str, ...],
    revisions: tuple[str, ...],
    expected: float,
) -> None:
    """General documents and general questions are left alone."""
    metadata = Metadata(products=products, extra=(("revision", revision),) if revision else ())
    circumstances = Circumstances(as_of=TODAY, products=asked, revisions=revisions)
    assert factor(Rule(kind="product", factor=1.5, mismatch=0.4), metadata, circumstances) == expected


def test_a_rule_for_one_base_leaves_the_others_alone() -> None:
    """Scores and explanations of the others stay as they are."""
    rule = Rule(kind="superseded", factor=0.5, knowledge_bases=("rules",))
    found = apply_rules([hit(OLD, base="rules"), hit(OLD, base="guides", name="2")], [rule], PLAIN)
    assert [(one.chunk.knowledge_base, one.score) for one in found] == [("guides", 1.0), ("rules", 0.5)]


def test_rules_multiply_and_each_is_explained() -> None:
    """In the order in which they were applied, behind earlier contributions."""
    rules = [Rule(kind="superseded", factor=0.5), Rule(kind="authority", factors={"official": 1.2})]
    metadata = Metadata(valid_to=date(2020, 1, 1), authority="official")
    (found,) = apply_rules([hit(metadata, score=2.0)], rules, PLAIN)
    assert found.score == pytest.approx(1.2)
    assert list(found.explanation.items()) == [("superseded", 0.5), ("authority", 1.2)]


def test_the_newer_version_overtakes_a_better_scored_old_one() -> None:
    """Hits come back by falling score; equals keep their order."""
    hits = [
        hit(OLD, score=1.0, name="old"),
        hit(NEW, score=0.9, name="new"),
        hit(NEW, score=0.9, name="same"),
    ]
    found = apply_rules(hits, [Rule(kind="superseded", factor=0.3)], PLAIN)
    assert [one.chunk.id for one in found] == ["new", "same", "old"]


@given(st.lists(st.sampled_from([OLD, NEW, Metadata()])), st.floats(0.01, 2))
def test_rules_lose_and_add_nothing(metadata: list[Metadata], weight: float) -> None:
    """The hits come back as a permutation."""
    hits = [hit(one, name=str(number)) for number, one in enumerate(metadata)]
    found = apply_rules(hits, [Rule(kind="superseded", factor=weight)], PLAIN)
    assert sorted(one.chunk.id for one in found) == sorted(one.chunk.id for one in hits)
