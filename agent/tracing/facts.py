"""What a sentence says in particular, in a few short pieces that survive a change of its wording."""

import re
from collections.abc import Iterable, Iterator

from agent.evaluation.facts import folded
from graph.reasoning.checks import QUOTATION
from tools.text.sentences import plain
from tools.text.words import CJK, NUMBER, STOP_WORDS, WORD, fold, stem_set

MOST_FACTS = 3
"""Of one sentence."""
LONGEST = 60
"""Characters of a fact."""
MOST_WORDS = 3
"""Of a fact that is neither number nor name nor quotation."""
_MARKER = re.compile(r"\[\d+\]")
_SECTION = re.compile(r"\A\d+(?:\.\d+)+\.? (?=\W*[A-Z])")
_DAY = re.compile(r"(?<![\w-])\d{4}-\d{2}-\d{2}(?![\w-])")
_CURRENCY = re.compile(r"(?:[€$£¥₹]|\b[A-Z]{3}) ?\Z")
_UNIT = re.compile(r" ?(?P<unit>[%°][A-Z]?|[^\W\d_][^\W_]*(?:/[^\W_]+)?)")
_INSIDE = re.compile(r"[^\W\d_],?\s+\Z")
"""What stands before a word inside of a sentence; elsewhere a capital may say only that something begins."""


def facts_of(text: str, *, given: str) -> list[str]:
    """Return what a sentence says in particular, most telling first, each as it stands there.

    Numbers with what they count come before quoted words, codes and names. What is given with the question
    is no fact.
    """
    text = _readable(text)
    return _new([*_numbers(text), *_quotations(text), *_codes(text), *_names(text)], given)


def phrases_of(text: str, *, given: str) -> list[str]:
    """Return the longest runs of words of meaning, for a sentence that says nothing in particular."""
    text = _readable(text)
    return _new(_runs(text, given), given)


def _readable(text: str) -> str:
    """Return a sentence without marks, and without the number of the section that it begins."""
    return _SECTION.sub("", plain(_MARKER.sub(" ", text)))


def _new(found: Iterable[str], given: str) -> list[str]:
    """Return the first of them that say something of their own."""
    known, facts = folded(given), list[str]()
    for fact in found:
        told = folded(fact)
        usable = 1 < len(told) <= LONGEST and "|" not in fact
        if usable and told not in known and not any(told in folded(one) for one in facts):
            facts.append(fact)
    return facts[:MOST_FACTS]


def _numbers(text: str) -> Iterator[str]:
    """Yield numbers with their unit or currency; a digit that has neither says too little."""
    yield from (match.group() for match in _DAY.finditer(text))
    undated = _DAY.sub(lambda match: "-" * len(match.group()), text)
    for match in NUMBER.finditer(undated):
        currency = _CURRENCY.search(text, 0, match.start())
        unit = _UNIT.match(text, match.end())
        if currency:
            yield text[currency.start() : match.end()]
        elif unit and fold(unit["unit"]) not in STOP_WORDS:
            yield text[match.start() : unit.end()]
        elif len(match.group()) > 1:
            yield match.group()


def _quotations(text: str) -> Iterator[str]:
    yield from (match["words"] for match in QUOTATION.finditer(text))


def _codes(text: str) -> Iterator[str]:
    """Yield words of letters and digits, such as part numbers."""
    for match in WORD.finditer(text):
        word = match.group()
        if any(map(str.isdigit, word)) and any(map(str.isalpha, word)):
            yield word


def _names(text: str) -> Iterator[str]:
    """Yield runs of capitalised words, but for one that only begins a sentence."""
    run: list[re.Match[str]] = []
    for match in [*WORD.finditer(text), None]:
        joined = bool(run) and match is not None and text[run[-1].end() : match.start()] == " "
        if run and not (joined and match is not None and match.group()[0].isupper()):
            yield text[run[0].start() : run[-1].end()]
            run = []
        if match is not None and match.group()[0].isupper() and (run or _is_name(text, match)):
            run.append(match)


def _is_name(text: str, word: re.Match[str]) -> bool:
    inside = _INSIDE.search(text[max(0, word.start() - 4) : word.start()])
    return bool(inside) and fold(word.group()) not in STOP_WORDS


def _runs(text: str, given: str) -> list[str]:
    """Return runs of words of meaning that the question does not hold, longest first."""
    asked, runs, run = stem_set(given), list[list[re.Match[str]]](), list[re.Match[str]]()
    for match in WORD.finditer(text):
        own = stem_set(match.group())
        if own and not own <= asked and len(run) < MOST_WORDS:
            run.append(match)
            continue
        runs.append(run)
        run = [match] if own and not own <= asked else []
    told = [text[run[0].start() : run[-1].end()] for run in [*runs, run] if run]
    told = [cut for one in told for cut in ([one] if len(one) <= LONGEST else CJK.findall(one))]
    return sorted(told, key=len, reverse=True)[: MOST_FACTS - 1]
