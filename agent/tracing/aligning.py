"""Which step of one run is which step of another."""

from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

from agent.recording.recording import Step
from agent.recording.states import supersteps
from agent.recording.values import digest_of

MOST_CELLS = 250_000
"""Pairs of supersteps that are weighed; what is longer is paired by its order."""
Together = list[Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A step of each run, or of one alone."""

    a: Step | None
    b: Step | None


def aligned(a: Sequence[Step], b: Sequence[Step]) -> list[Pair]:
    """Pair the steps of two runs, in the order in which they ran.

    Supersteps are paired so that, in their order, as many steps as possible have the same node on both
    sides: a longest common subsequence of supersteps, each weighed by the nodes it shares,

        best(i, j) = max(best(i+1, j), best(i, j+1), best(i+1, j+1) + shared(i, j))

    Inside a pair of supersteps equal payloads belong together, then the same nodes in their order.
    """
    left, right = list(supersteps(a)), list(supersteps(b))
    pairs: list[Pair] = []
    for one, other in _paired(left, right):
        pairs += _side_by_side(one, other)
    return pairs


def _paired(a: Sequence[Together], b: Sequence[Together]) -> Iterator[tuple[Together, Together]]:
    """Yield pairs of supersteps, one of them empty where the other run has none."""
    kinds_a, kinds_b = [_kinds(one) for one in a], [_kinds(one) for one in b]
    head = _common(kinds_a, kinds_b)
    tail = _common(kinds_a[head:][::-1], kinds_b[head:][::-1])
    end_a, end_b = len(a) - tail, len(b) - tail
    yield from zip(a[:head], b[:head], strict=True)
    yield from _weighed(a[head:end_a], b[head:end_b], kinds_a[head:end_a], kinds_b[head:end_b])
    yield from zip(a[end_a:], b[end_b:], strict=True)


def _weighed(
    a: Sequence[Together],
    b: Sequence[Together],
    kinds_a: Sequence[Counter[str]],
    kinds_b: Sequence[Counter[str]],
) -> Iterator[tuple[Together, Together]]:
    if len(a) * len(b) > MOST_CELLS:
        for at in range(max(len(a), len(b))):
            yield (a[at] if at < len(a) else []), (b[at] if at < len(b) else [])
        return
    shared = [[(one & other).total() for other in kinds_b] for one in kinds_a]
    best = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in reversed(range(len(a))):
        for j in reversed(range(len(b))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], best[i + 1][j + 1] + shared[i][j])
    i = j = 0
    while i < len(a) and j < len(b):
        if shared[i][j] and best[i][j] == best[i + 1][j + 1] + shared[i][j]:
            yield a[i], b[j]
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            yield a[i], []
            i += 1
        else:
            yield [], b[j]
            j += 1
    yield from ((one, []) for one in a[i:])
    yield from (([], other) for other in b[j:])


def _side_by_side(a: Together, b: Together) -> list[Pair]:
    """Pair the steps of two supersteps: those that were given the same first."""
    same = _matched(a, b, lambda step: (step.node, step.handles, digest_of(step.payload)))
    rest_a = [step for step in a if step.number not in same]
    taken = {step.number for step in same.values()}
    rest_b = [step for step in b if step.number not in taken]
    same |= _matched(rest_a, rest_b, lambda step: (step.node, step.handles))
    taken = {step.number for step in same.values()}
    pairs = [Pair(a=step, b=same.get(step.number)) for step in a]
    return [*pairs, *(Pair(a=None, b=step) for step in b if step.number not in taken)]


def _matched(a: Together, b: Together, trait: Callable[[Step], Hashable]) -> dict[int, Step]:
    """Return the step of the other run for the number of each that shares a trait with one."""
    free: dict[Hashable, deque[Step]] = {}
    for step in b:
        free.setdefault(trait(step), deque()).append(step)
    return {step.number: found.popleft() for step in a if (found := free.get(trait(step)))}


def _kinds(together: Together) -> Counter[str]:
    return Counter(step.node for step in together)


def _common(a: Sequence[Counter[str]], b: Sequence[Counter[str]]) -> int:
    """Return how many supersteps both begin with that have the same nodes."""
    pairs = zip(a, b, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(a), len(b)))
