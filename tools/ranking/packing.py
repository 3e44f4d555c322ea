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
