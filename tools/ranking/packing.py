"""Packing of ranked passages into a budget."""

from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def pack(items: Sequence[Item], *, budget: int, size: Callable[[Item], int]) -> list[Item]:
    """Keep the best items that fit into `budget`, best first.

    An item that does not fit is passed over and smaller ones behind it may still be taken, so the sum of
    sizes never exceeds the budget.
    """
    packed: list[Item] = []
    left = budget
    for item in items:
        if size(item) <= left:
            packed.append(item)
            left -= size(item)
    return packed


def strongest_at_the_ends(items: Sequence[Item]) -> list[Item]:
    """Reorder best-first items so that the best stand first and last, the weakest in the middle.

    Readers of long contexts miss what stands in the middle (Liu et al., "Lost in the Middle", 2023).
    """
    return [*items[0::2], *reversed(items[1::2])]
