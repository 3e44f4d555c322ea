"""The graph as a picture, with the path that a recording took through it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby, pairwise

from agent.recording.recording import Recording, Step
from agent.tracing.views import EdgeDrawn, NodeDrawn, NodeState, Picture
from graph.build import build

START, END = "__start__", "__end__"
_HANDLER = "__error_handler__"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edge:
    source: str
    target: str
    conditional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawing:
    """The graph itself, the same for every recording."""

    places: Mapping[str, tuple[int, int]]
    """Layer and lane of each node."""
    edges: tuple[_Edge, ...]


def draw(recording: Recording) -> Picture:
    """Draw the compiled graph and mark what a recording took of it.

    An edge was taken when its source ran in one superstep and its target in the next one. A node of which
    the graph knows nothing, as in a recording of another version, stands by itself below the others.
    """
    drawing, ran = _drawing(), _by_node(recording.steps)
    taken = _taken(recording, drawing.edges)
    places = {**drawing.places, **_strangers(ran, drawing.places)}
    ends = {edge for edge in taken if END in edge}
    nodes = [
        NodeDrawn(
            id=name,
            x=x,
            y=y,
            steps=[step.number for step in ran.get(name, ())],
            state=_state(name, ran.get(name, ()), ended=bool(ends)),
        )
        for name, (x, y) in places.items()
    ]
    edges = [
        EdgeDrawn(
            source=edge.source,
            target=edge.target,
            conditional=edge.conditional,
            taken=(edge.source, edge.target) in taken,
        )
        for edge in drawing.edges
    ]
    return Picture(nodes=nodes, edges=edges)


@cache
def _drawing() -> _Drawing:
    drawn = build().get_graph()
    names = [name for name in drawn.nodes if not name.startswith(_HANDLER)]
    known = set(names)
    edges = tuple(
        _Edge(source=edge.source, target=edge.target, conditional=edge.conditional)
        for edge in drawn.edges
        if edge.source in known and edge.target in known
    )
    forward = _without_returns(names, edges)
    layers = _layers(names, forward)
    return _Drawing(places=_places(names, layers, forward), edges=edges)


def _without_returns(names: Sequence[str], edges: Sequence[_Edge]) -> list[_Edge]:
    """Leave out the edges that go back to a node on the way to their source, as a depth-first walk sees it.

    The walk visits first what most edges leave, so that a loop is cut where it closes.
    """
    leaving: dict[str, list[_Edge]] = defaultdict(list)
    for edge in edges:
        leaving[edge.source].append(edge)
    forward, done, way = [], set(), set()

    def visit(name: str) -> None:
        way.add(name)
        for edge in sorted(leaving[name], key=lambda edge: -len(leaving[edge.target])):
            if edge.target in way:
                continue
            forward.append(edge)
            if edge.target not in done:
                visit(edge.target)
        way.discard(name)
        done.add(name)

    for name in names:
        if name not in done:
            visit(name)
    return forward


def _layers(names: Sequence[str], forward: Sequence[_Edge]) -> dict[str, int]:
    """Return the longest path from the start to every node; what cannot be reached stands behind it.

    layer(n) = 1 + max over edges (m, n) of layer(m); after as many rounds as there are nodes it is stable,
    for the edges that lead back are left out.
    """
    layers = {name: 0 if name == START else 1 for name in names}
    for _ in names:
        for edge in forward:
            layers[edge.target] = max(layers[edge.target], layers[edge.source] + 1)
    return layers


def _places(
    names: Sequence[str], layers: Mapping[str, int], forward: Sequence[_Edge]
) -> dict[str, tuple[int, int]]:
    """Give every node of a layer a lane of its own, near those that lead to it."""
    lanes: dict[str, int] = {}
    leaving = {name: sum(edge.source == name for edge in forward) for name in names}

    def wish(name: str) -> tuple[float, int, str]:
        before = [lanes[edge.source] for edge in forward if edge.target == name and edge.source in lanes]
        return (sum(before) / len(before) if before else 0.0, -leaving[name], name)

    for _, together in groupby(sorted(names, key=lambda name: layers[name]), key=lambda name: layers[name]):
        lanes |= {name: lane for lane, name in enumerate(sorted(together, key=wish))}
    return {name: (layers[name], lanes[name]) for name in sorted(names, key=lambda n: (layers[n], lanes[n]))}


def _by_node(steps: Sequence[Step]) -> dict[str, list[Step]]:
    found: dict[str, list[Step]] = defaultdict(list)
    for step in steps:
        found[step.node].append(step)
    return found


def _strangers(
    ran: Mapping[str, Sequence[Step]], known: Mapping[str, tuple[int, int]]
) -> dict[str, tuple[int, int]]:
    below = 1 + max(lane for _, lane in known.values())
    unknown = [name for name in ran if name not in known]
    return {name: (layer, below) for layer, name in enumerate(unknown, start=1)}


def _taken(recording: Recording, edges: Sequence[_Edge]) -> set[tuple[str, str]]:
    """Return source and target of the edges that were taken."""
    known = {(edge.source, edge.target) for edge in edges}
    ordered = sorted(recording.steps, key=lambda step: step.superstep)
    rounds = [list(group) for _, group in groupby(ordered, key=lambda step: step.superstep)]
    taken: set[tuple[str, str]] = set()
    if rounds and recording.entry is None:
        taken |= {(START, step.node) for step in rounds[0]}
    for before, after in pairwise([*rounds, []]):
        entered = {step.node for step in after}
        for source in {step.node for step in before if step.paused is None}:
            went = {(source, target) for target in entered} & known
            ended = not went and recording.outcome == "completed"
            taken |= went or ({(source, END)} if ended else set())
    return taken & known


def _state(name: str, steps: Sequence[Step], *, ended: bool) -> NodeState:
    if name == START or (name == END and ended):
        return "taken"
    if any(step.failure is not None for step in steps):
        return "failed"
    if any(step.paused is not None for step in steps):
        return "paused"
    return "taken" if steps else "skipped"
