"""plumbline search: hits without an answer."""

import json
from pathlib import Path

from tests.agent.cli.command import plumbline, plumbline_process

HIT_KEYS = {"source", "knowledge_base", "text", "score", "explanation"}


def test_search_prints_the_best_passage_first_with_its_reasons(marlow: Path) -> None:
    """Title, file, score and text stand on the screen."""
    done = plumbline_process("search", "broken spar", "--config", marlow)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("1. Repairing a sail")
    assert "guides/repair.md" in done.out.splitlines()[0]
    assert "bm25" in done.out
    assert "A broken spar is replaced" in done.out


def test_search_as_json_keeps_the_contract(marlow: Path) -> None:
    """Every hit has its source, base, text, score and explanation, best first."""
    hits = plumbline("search", "broken spar", "--json", "--config", marlow).json["hits"]
    assert hits[0]["source"] == "repair.md"
    assert all(hit.keys() >= HIT_KEYS for hit in hits)
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
    for hit in hits:
        text = (marlow.parent / hit["knowledge_base"] / hit["source"]).read_text(encoding="utf-8")
        assert text[hit["start"] : hit["end"]] == hit["text"]


def test_search_is_limited_to_a_base_and_a_number(marlow: Path) -> None:
    """--kb and --limit hold."""
    done = plumbline("search", "kite", "--kb", "terms", "--limit", "1", "--json", "--config", marlow)
    assert [hit["knowledge_base"] for hit in done.json["hits"]] == ["terms"]


def test_many_searches_get_one_line_each(marlow: Path) -> None:
    """Each line may choose its base and limit; ids come back; the options are the defaults."""
    lines = [
        {"id": "a", "query": "broken spar", "limit": 1},
        {"query": "sail", "kb": "terms"},
        "returns",
    ]
    done = plumbline(
        "search", "-", "--limit", "2", "--config", marlow, stdin="\n".join(map(json.dumps, lines))
    )
    assert done.code == 0
    first, second, third = done.lines
    assert first["id"] == "a"
    assert [hit["source"] for hit in first["hits"]] == ["repair.md"]
    assert {hit["knowledge_base"] for hit in second["hits"]} == {"terms"}
    assert len(third["hits"]) == 2
    assert "id" not in third


def test_a_line_that_cannot_be_searched_is_told_and_the_next_goes_on(marlow: Path) -> None:
    """Wrong bases, limits, empty queries and other JSON are errors of their line alone; the code is 2."""
    lines = [
        '{"query": "sail", "kb": "tems"}',
        '{"query": "sail", "kb": ["terms"]}',
        '{"query": "sail", "limit": 0}',
        '{"query": "sail", "limit": true}',
        '{"query": "  ", "id": 5}',
        '{"text": "sail"}',
        "no json",
        '{"query": "sail", "id": ' + "9" * 5000 + "}",
        '{"query": "sail", "id": NaN}',
        '{"query": "broken spar", "limit": 1}',
    ]
    done = plumbline("search", "-", "--config", marlow, stdin="\n".join(lines))
    assert (done.code, done.err) == (2, "")
    assert [line.get("error") for line in done.lines] == [
        "there is no knowledge base 'tems'; the configuration has: guides, terms",
        "there is no knowledge base ['terms']; the configuration has: guides, terms",
        "limit 0 is not a whole number from 1 to 100",
        "limit True is not a whole number from 1 to 100",
        "the query is empty; say what to look for",
        "line 6 has no text under 'query'",
        'line 7 is not a JSON object; write {"query": "..."}',
        'line 8 is not a JSON object; write {"query": "..."}',
        'line 9 is not a JSON object; write {"query": "..."}',
        None,
    ]
    assert done.lines[4]["id"] == 5


def test_an_unknown_base_is_named_with_the_known_ones(marlow: Path) -> None:
    """--kb is checked before anything is opened."""
    done = plumbline("search", "sail", "--kb", "guide", "--config", marlow)
    assert (done.code, done.out) == (2, "")
    assert done.complaint == "there is no knowledge base 'guide'; the configuration has: guides, terms"


def test_a_limit_outside_its_bounds_is_wrong_usage(marlow: Path) -> None:
    """The option is named."""
    done = plumbline("search", "sail", "--limit", "0", "--config", marlow)
    assert done.code == 2
    assert done.complaint.startswith("Invalid value for '--limit'")


def test_searching_before_ingesting_says_what_to_run(fresh: Path) -> None:
    """The remedy is a command that can be copied."""
    done = plumbline("search", "sail", "--config", fresh)
    assert done.code == 2
    assert done.complaint == (
        f"knowledge base 'guides' has no documents yet; run: plumbline ingest --config {fresh}"
    )
