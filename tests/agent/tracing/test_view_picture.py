"""The graph as a picture, with the path that was taken."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from agent.recording.recording import Step
from agent.tracing.picture import draw
from agent.tracing.views import Picture
from graph.build import build
from tests.agent.tracing.runs import recording_of, step_of


def path(*supersteps: str) -> list[Step]:
    """Return steps of these nodes; those of one superstep are joined by a space."""
    steps: list[Step] = []
    for number, together in enumerate(supersteps, start=1):
        for place, node in enumerate(together.split()):
            steps.append(step_of(len(steps) + 1, node, superstep=number, place=place))
    return steps


ANSWERED = ("prefetch classify", "retrieve retrieve", "rerank", "assess", "synthesize", "verify")


def taken(picture: Picture) -> set[tuple[str, str]]:
    """Return the edges that were taken."""
    return {(edge.source, edge.target) for edge in picture.edges if edge.taken}


def states(picture: Picture, *names: str) -> list[str]:
    """Return the states of some nodes."""
    known = {node.id: node.state for node in picture.nodes}
    return [known[name] for name in names]


def drawn(steps: Sequence[Step], **known: Any) -> Picture:  # noqa: ANN401 - fields of the recording
    """Draw a recording of these steps."""
    return draw(recording_of(steps, **known))


def test_every_node_and_edge_of_the_graph_is_drawn() -> None:
    """But for what takes note of failures, which is no place of its own."""
    graph = build().get_graph()
    names = {name for name in graph.nodes if not name.startswith("__error_handler__")}
    picture = drawn(path(*ANSWERED))
    assert {node.id for node in picture.nodes} == names
    assert len(picture.edges) == len(graph.edges)


def test_no_two_nodes_share_a_place_and_the_end_is_last() -> None:
    """Layers count from the start; lanes of a layer have no gap."""
    nodes = drawn(path(*ANSWERED)).nodes
    places = [(node.x, node.y) for node in nodes]
    assert len(set(places)) == len(places)
    assert max(nodes, key=lambda node: node.x).id == "__end__"
    for _, lanes in groupby(sorted(places), key=lambda place: place[0]):
        found = [lane for _, lane in lanes]
        assert found == list(range(len(found)))


def test_the_path_of_an_answer_is_taken_from_start_to_end() -> None:
    """Edges beside it are not."""
    picture = drawn(path(*ANSWERED))
    assert taken(picture) == {
        ("__start__", "prefetch"),
        ("__start__", "classify"),
        ("prefetch", "__end__"),
        ("classify", "retrieve"),
        ("retrieve", "rerank"),
        ("rerank", "assess"),
        ("assess", "synthesize"),
        ("synthesize", "verify"),
        ("verify", "__end__"),
    }
    assert states(picture, "__start__", "verify", "__end__", "revise") == [
        "taken",
        "taken",
        "taken",
        "skipped",
    ]
    (retrieve,) = [node for node in picture.nodes if node.id == "retrieve"]
    assert retrieve.steps == [3, 4]


def test_a_second_round_takes_the_edges_back() -> None:
    """Assess and classify, verify and revise."""
    searched = ("prefetch classify", "rerank", "assess", "classify", "rerank", "assess")
    picture = drawn(path(*searched, "synthesize", "verify", "revise", "verify"))
    assert {("assess", "classify"), ("verify", "revise"), ("revise", "verify")} <= taken(picture)


def test_a_pause_ends_the_path_where_it_was_asked_back() -> None:
    """The end was not reached."""
    steps = [
        *path("prefetch classify"),
        step_of(3, "clarify", superstep=2, paused={"question": "?"}, update=None),
    ]
    picture = drawn(steps)
    assert ("classify", "clarify") in taken(picture)
    assert not any(source == "clarify" for source, _ in taken(picture))
    assert states(picture, "clarify", "rerank") == ["paused", "skipped"]


def test_a_run_that_goes_on_begins_where_it_paused() -> None:
    """Not at the start."""
    picture = drawn(path("clarify", "classify", "rerank"), entry="clarify")
    assert ("clarify", "classify") in taken(picture)
    assert not any(source == "__start__" for source, _ in taken(picture))


def test_a_failed_node_is_failed_although_the_run_went_on() -> None:
    """What took note of it ran under its name."""
    failed = [step_of(3, "retrieve", superstep=2, update=None, failure={"type": "E", "message": "m"})]
    handled = [step_of(4, "retrieve", superstep=3, handles=True), step_of(5, "rerank", superstep=4)]
    picture = drawn([*path("prefetch classify"), *failed, *handled])
    assert states(picture, "retrieve", "rerank") == ["failed", "taken"]
    assert ("retrieve", "rerank") in taken(picture)


def test_nodes_of_another_version_stand_below_the_others() -> None:
    """They are shown, and the graph stays as it is."""
    picture = drawn(path("prefetch classify", "summarize", "polish"))
    known = [node for node in picture.nodes if node.id not in ("summarize", "polish")]
    strangers = [node for node in picture.nodes if node.id in ("summarize", "polish")]
    assert {node.y for node in strangers} == {1 + max(node.y for node in known)}
    assert len({node.x for node in strangers}) == 2


def test_a_run_without_steps_is_drawn_too() -> None:
    """Nothing of it was taken but the start."""
    assert taken(drawn([], outcome="failed")) == set()
