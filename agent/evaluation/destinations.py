"""Where a question was sent: knowledge bases, the database, or nowhere."""

from collections.abc import Mapping
from typing import Protocol

OUT_OF_SCOPE = "out_of_scope"
DATABASE = "database"
LIKELY = 0.5


class Routed(Protocol):
    """A route as the graph or as the public answer has it."""

    @property
    def category(self) -> str:
        """The likeliest destination."""

    @property
    def knowledge_bases(self) -> Mapping[str, float]:
        """Probability of each base."""

    @property
    def database(self) -> float:
        """Probability of the database."""


def likely(route: Routed) -> frozenset[str]:
    """Return all destinations with a probability of at least one half."""
    places = {**route.knowledge_bases, DATABASE: route.database}
    return frozenset(name for name, probability in places.items() if probability >= LIKELY)


def destinations(route: Routed) -> frozenset[str]:
    """Return all likely destinations, or the likeliest where none is."""
    return likely(route) or frozenset({route.category})


def sent_to(route: Routed) -> frozenset[str]:
    """Return where the graph sends a question: out of scope alone, or all destinations."""
    return frozenset({OUT_OF_SCOPE}) if route.category == OUT_OF_SCOPE else destinations(route)
