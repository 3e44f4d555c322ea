"""What a child is told first: which database to open, and how."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tools.database.guarding.policy import AccessRule
from tools.database.schema import Dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The arguments of `open_database`, and what a process may take."""

    url: str = field(repr=False)
    tables: tuple[str, ...]
    deadline_seconds: float
    rules: tuple[AccessRule, ...] = ()
    descriptions: Mapping[str, str] = field(default_factory=dict)
    most_cost: float
    allow_writable_role: bool = False
    memory_mb: int
    settled: bool = False
    """Whether it was opened before with success, so that tables may be missing."""

    @property
    def dialect(self) -> Dialect:
        """What the url says; an url that nothing can open says SQLite."""
        return "postgres" if self.url.lower().startswith("postgres") else "sqlite"

    def told(self, *, settled: bool = False) -> bytes:
        """Write it for a child, with the password; say whether the database was opened before."""
        return json.dumps({**asdict(self), "settled": settled}).encode()

    @classmethod
    def heard(cls, told: bytes) -> "Opening":
        """Read what `told` of the parent, which is trusted, wrote."""
        opening = json.loads(told)
        tables, rules = tuple(opening["tables"]), tuple(map(_rule, opening["rules"]))
        return cls(**{**opening, "tables": tables, "rules": rules})


def _rule(told: Mapping[str, Any]) -> AccessRule:
    return AccessRule(
        table=told["table"],
        groups=tuple(told["groups"]),
        hidden=tuple(told["hidden"]),
        masked=tuple(told["masked"]),
        rows=told["rows"],
    )
