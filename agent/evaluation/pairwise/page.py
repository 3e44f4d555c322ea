"""The blind page: one self-contained file on which a person says which answer is better."""

import base64
import hashlib
import json
from importlib import resources

from agent.evaluation.pairwise.pairing import Pair, Pairing

_ESCAPES = {ord(mark): f"\\u{ord(mark):04x}" for mark in "<>&"}
"""Of what could end the element that holds the data."""


def page_of(pairing: Pairing) -> str:
    """Return the page as HTML. It names neither run, and asks nothing of any server."""
    style, script = _part("page.css"), _part("page.js")
    shown = {"page": pairing.digest, "cases": [_shown(pair, pairing) for pair in pairing.pairs]}
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    # The data come last, so that nothing in an answer is taken for one of the other places.
    filled = _part("page.html").replace("{{policy}}", policy).replace("{{style}}", style)
    before, after = filled.replace("{{script}}", script).split("{{data}}")
    return f"{before}{json.dumps(shown).translate(_ESCAPES)}{after}"


def _shown(pair: Pair, pairing: Pairing) -> dict[str, object]:
    left, right = pair.first, pair.second
    if pairing.swapped(pair.case.id):
        left, right = right, left
    return {
        "id": pair.case.id,
        "question": pair.case.question,
        "history": pair.case.history,
        "expected": pair.expected,
        "left": left,
        "right": right,
    }


def _part(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8").strip()


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
