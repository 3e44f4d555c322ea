"""Make a follow-up question stand alone, from the conversation and by rules of language."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from graph.plan import Turn
from graph.reasoning.local.lexicon import Lexicon
from tools.database.calendar.periods import find_periods
from tools.text.words import STOP_WORDS, fold, stems, words

_INSTEAD = re.compile(
    r"^\s*(?:(?:and|or|but|so|ok|okay|then)[ ,]+)*"
    r"(?P<lead>what about|how about|same for|what if (?:it's|it is|its)|for|in|on|with|from|and)\s+"
    r"(?P<topic>.{1,60}?)\s*\??\s*$",
    re.IGNORECASE,
)
_OPENER = re.compile(
    r"(?:how|what|when|where|which|who|why|is|are|do|does|did|can|could|will|would|should|if|am|was|were)\b",
    re.IGNORECASE,
)
_PREPOSITION = re.compile(
    r"^(?:for|in|on|with|without|from|to|at|by|during|since|after|before)\b", re.IGNORECASE
)
_REMARK = re.compile(
    r"^\s*(?:(?:it|that|this)(?:'s| is| was)|mine is|i (?:have|own|mean|meant)|we have|the|an?)\b[^?]{1,60}$",
    re.IGNORECASE,
)
_LEADING = re.compile(r"^\s*(?:and|but|or|so|then|also|ok|okay)\b[ ,]*", re.IGNORECASE)
_PRONOUN = re.compile(
    r"\b(?:it|its|it's|they|them|their|theirs|this one|that one|this|that|these|those|the same|there|he|she"
    r"|him|her|one)\b",
    re.IGNORECASE,
)
_EXPLETIVE = re.compile(
    r"\b(?:is it (?:possible|ok|okay|safe|true|allowed|necessary|worth|normal|better|bad)"
    r"|does it (?:take|matter)|it is|is there|are there|there (?:is|are)|it's (?:possible|ok)|if there"
    r"|so that|say that|means? that|know that)\b",
    re.IGNORECASE,
)
_CODE = re.compile(r"\b(?=[\w\-]*\d)(?=[\w\-]*[A-Za-z])[\w\-]{3,}\b")
_NAME = re.compile(r"(?<![.?!]\s)(?<!^)\b[A-Z][\w\-]*(?:\s+(?:[A-Z][\w\-]*|\d+\w*))*")
SHORT = 3
"""A continuation with fewer content words leans on the question before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """X of "what about X?"."""

    text: str
    qualifies: bool
    """True when it narrows the question before ("with a filter?") rather than changes its subject."""


def standalone(question: str, history: Sequence[Turn], lexicon: Lexicon, *, today: date) -> str:
    """Return the question completed by what it leans on; unchanged when it leans on nothing."""
    if not history:
        return question
    before = history[-1].question
    if topic := _other_topic(question, lexicon):
        return _with_topic(before, topic, lexicon, today)
    if _REMARK.match(question):
        return f"{before.rstrip(' ?.!')} ({question.strip(' .!')})?"
    if lexicon.revisions_in(question) and not lexicon.products_in(question):
        return inherit(question, [before], lexicon)
    if not _leans(question, lexicon):
        return question
    names = names_in(before, lexicon)
    bare = _LEADING.sub("", question)
    pronoun = _first_pronoun(bare)
    if pronoun and len(names) == 1:
        return _capitalised(f"{bare[: pronoun.start()]}{_as_noun(names[0], pronoun)}{bare[pronoun.end() :]}")
    context = ", ".join(names) if names else before.rstrip(" ?.!")
    return f"{_capitalised(bare.rstrip(' ?.!'))} ({context})?"


def inherit(part: str, before: Sequence[str], lexicon: Lexicon) -> str:
    """Complete a part of a compound question that names no product by the one named before it."""
    if lexicon.products_in(part):
        return part
    named = [products for question in before if (products := lexicon.products_in(question))]
    return f"{part.rstrip(' ?.!')} ({', '.join(named[-1])})?" if named else part


def names_in(text: str, lexicon: Lexicon) -> list[str]:
    """Return products, codes and proper names in a text, products first, each once."""
    products = lexicon.products_in(text)
    covered = {form for name in products for word in words(name) for form in (fold(word), f"{fold(word)}s")}
    others = [*codes_in(text), *_capitals(text)]
    rest = [name for name in others if not {fold(word) for word in words(name)} <= covered]
    return list(dict.fromkeys([*products, *rest]))


def codes_in(text: str) -> tuple[str, ...]:
    """Return words made of letters and digits, such as order numbers."""
    return tuple(match.group() for match in _CODE.finditer(text))


def _capitals(text: str) -> tuple[str, ...]:
    names = (match.group() for match in _NAME.finditer(text))
    return tuple(name for name in names if fold(name) not in STOP_WORDS)


def _other_topic(question: str, lexicon: Lexicon) -> Topic | None:
    match = _INSTEAD.match(question)
    if match is None or _OPENER.match(match["topic"]):
        return None
    if not (names_in(f"· {match['topic']}", lexicon) or len(stems(match["topic"])) <= SHORT):
        return None
    lead = match["lead"] if _PREPOSITION.match(match["lead"]) else ""
    text = f"{lead} {match['topic']}".strip()
    return Topic(text=text, qualifies=bool(_PREPOSITION.match(text)))


def _with_topic(before: str, topic: Topic, lexicon: Lexicon, today: date) -> str:
    """Put the new topic where the old one of its kind stood, else behind the question."""
    kinds: list[Callable[[str], Sequence[str]]] = [
        lambda text: [period.text for period in find_periods(text, today)],
        lexicon.products_in,
        codes_in,
    ]
    for kind in kinds:
        new, old = kind(topic.text), kind(before)
        if new and len(old) == 1:
            return before.replace(_as_written(old[0], before), new[0])
        if new:
            return f"{before.rstrip(' ?.!')} ({topic.text})?"
    names = names_in(before, lexicon)
    if topic.qualifies or not names:
        return f"{before.rstrip(' ?.!')} ({topic.text})?"
    return f"{_capitalised(topic.text)} ({', '.join(names)})?"


def _as_written(name: str, text: str) -> str:
    found = re.search(re.escape(name), text, re.IGNORECASE)
    return found.group() if found else name


def _leans(question: str, lexicon: Lexicon) -> bool:
    if lexicon.products_in(question) or codes_in(question):
        return False
    if _first_pronoun(question):
        return True
    if names_in(question, lexicon):
        return False
    content = len(stems(question))
    return content < SHORT or (bool(_LEADING.match(question)) and content <= 2 * SHORT)


def has_dangling_pronoun(question: str) -> bool:
    """Tell whether a question speaks of "it" without saying what: a stand-alone one should not."""
    return _first_pronoun(question) is not None


def _first_pronoun(question: str) -> re.Match[str] | None:
    masked = _EXPLETIVE.sub(lambda found: "·" * len(found.group()), question)
    return _PRONOUN.search(masked)


def _as_noun(name: str, pronoun: re.Match[str]) -> str:
    article = "" if any(character.isdigit() for character in name) else "the "
    return f"{article}{name}{_suffix(pronoun.group())}"


def _suffix(pronoun: str) -> str:
    if fold(pronoun) in ("its", "their", "theirs", "his", "her"):
        return "'s"
    return " is" if fold(pronoun) == "it's" else ""


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
