"""What happens while a question is answered, for whoever watches."""

from dataclasses import dataclass
from typing import TypeAlias

from graph.state import Token


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStarted:
    """A node of the graph begins; one that runs several times side by side begins several times."""

    node: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFinished:
    """A node of the graph is done."""

    node: str


Event: TypeAlias = NodeStarted | NodeFinished | Token
"""A `Token` belongs to a draft that nobody has verified: only the answer itself counts."""
