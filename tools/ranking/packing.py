"""Packing of ranked passages: what fits, and in which order."""

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


def strongest_at_the_ends(ranked: Sequence[Item]) -> list[Item]:
    """Order items given best first: the best first, the second best last, the third second, and so on.

    What stands in the middle of a long prompt is used least (Liu et al. 2023, "Lost in the Middle").
    """
    return [*ranked[::2], *ranked[1::2][::-1]]
