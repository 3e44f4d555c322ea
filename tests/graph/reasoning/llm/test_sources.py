"""Numbered sources."""

from graph.reasoning.llm.sources import ANOTHER_DOCUMENT, addresses_of, number_sources
from graph.state import Evidence
from tests.fakes_graph import chunk_of, hit_of, rows_of
from tools.types import Hit, Metadata, Rows


def test_rows_come_first_and_the_strongest_passages_stand_at_the_ends() -> None:
    """Part by part, counted from one."""
    one = Evidence(hits=tuple(hit_of(name) for name in "abcd"), rows=(rows_of(("Kettle", 4)),))
    two = Evidence(hits=(hit_of("e"),))
    sources = number_sources([one, two])
    assert [source.number for source in sources] == [1, 2, 3, 4, 5, 6]
    assert isinstance(sources[0].item, Rows)
    passages = [source.item.chunk.text for source in sources if isinstance(source.item, Hit)]
    assert passages == ["a", "c", "d", "b", "e"]


def test_what_serves_several_parts_stands_once_with_all_of_them() -> None:
    """Passages by their identity, rows by their content."""
    shared = Evidence(hits=(hit_of("a"),), rows=(rows_of(("Kettle", 4)),))
    sources = number_sources([shared, Evidence(), shared])
    assert [source.parts for source in sources] == [(0, 2), (0, 2)]


def test_a_successor_is_named_only_where_it_is_a_source_itself() -> None:
    """Else it may be closed to the asker: that there is one is told, its name is not."""
    old = Metadata(superseded_by="b.md")
    first = hit_of(chunk_of("Old.", identifier="1", source="a.md", metadata=old))
    other = hit_of(chunk_of("New.", identifier="2", source="b.md", base="rules"))
    second = hit_of(chunk_of("New.", identifier="3", source="b.md"))
    assert _successors(first) == [ANOTHER_DOCUMENT]
    assert _successors(first, other) == [ANOTHER_DOCUMENT, None]
    assert _successors(first, second) == ["b.md", None]


def _successors(*hits: Hit) -> list[str | None]:
    sources = number_sources([Evidence(hits=hits)])
    found = [one.item.chunk for one in sources if isinstance(one.item, Hit)]
    return [chunk.metadata.superseded_by for chunk in sorted(found, key=lambda chunk: chunk.id)]


def test_the_addresses_in_sources_are_known() -> None:
    """Hosts, paths and mail addresses; not full links."""
    chunk = chunk_of("Write to help@a.example (see a.example/x), https://a.example/y or config.toml.")
    rows = rows_of(("b.example/z", 4))
    sources = number_sources([Evidence(hits=(hit_of(chunk),), rows=(rows,))])
    assert addresses_of(sources) == {"help@a.example", "a.example/x", "b.example/z"}
