"""MultiHop-RAG's metrics, by hand and against the authors' own figures."""

import json
from pathlib import Path

import pytest

from agent.evaluation.multihop import Retrieval, multihop_scores
from tools.errors import InvalidInput

SAMPLE = (
    Path(__file__).parents[4]
    / "shared"
    / "data"
    / "multihop_rag"
    / "official_llm-embedder_retrieval_test.json"
)


def test_each_fact_counts_where_it_is_found_first() -> None:
    """Facts at ranks 2 (two at once), 2 again and 11: only the first finding within ten counts."""
    passages = ["nothing", "a fact, an\nother", "a fact", *["x"] * 7, "third"]
    scores = multihop_scores([Retrieval(passages=passages, facts=["a fact", "an other", "third"])])
    assert (scores.hits_at_10, scores.hits_at_4, scores.mrr_at_10) == (1.0, 1.0, 0.5)
    assert scores.map_at_10 == pytest.approx((2 / 2) / 3)


def test_questions_without_facts_are_left_out() -> None:
    """Of two questions one has a fact, found at rank five."""
    searches = [Retrieval(passages=["a"], facts=[]), Retrieval(passages=[*"wxyz", "a"], facts=["a"])]
    scores = multihop_scores(searches)
    assert scores.questions == 1
    assert (scores.hits_at_10, scores.hits_at_4, scores.mrr_at_10) == (1.0, 0.0, 0.2)
    with pytest.raises(InvalidInput, match="no question has a fact"):
        multihop_scores(searches[:1])


def test_the_authors_sample_gives_the_figures_of_their_script() -> None:
    """Those that the official script prints for the output of its own search."""
    if not SAMPLE.exists():
        pytest.skip("the sample is not beside the repository (../shared/data/multihop_rag)")
    asked = json.loads(SAMPLE.read_text(encoding="utf-8"))
    scores = multihop_scores(
        [
            Retrieval(
                passages=[found["text"] for found in one["retrieval_list"]],
                facts=[gold["fact"] for gold in one["gold_list"]],
            )
            for one in asked
            if one["question_type"] != "null_query"
        ]
    )
    printed = (scores.hits_at_10, scores.hits_at_4, scores.mrr_at_10, scores.map_at_10)
    assert [f"{one:.4f}" for one in printed] == ["0.7500", "0.6250", "0.5491", "0.2746"]
