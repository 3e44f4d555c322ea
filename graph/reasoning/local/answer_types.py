"""What kind of thing a question asks for, and whether a text holds one."""

import re

_NUMBER = (
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|half|once|twice|free|none|no|never)\b"
)
_TIME = (
    r"\d+\s*(?:s|sec|seconds?|min|minutes?|h|hours?|(?:working |business |calendar )?days?|weeks?|months?"
    r"|years?)\b|\b(?:daily|weekly|monthly|yearly|annually|immediately|never|always|once|twice|every|each)\b"
)
_DATE = (
    r"\b\d{4}\b|\b\d{1,2}:\d{2}\b|\d+\s*(?:days?|weeks?|months?|years?|hours?)"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b"
    r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day|\b(?:before|after|until|within|once|as soon as|when|by)\b"
)
_MONEY = (
    r"[€$£¥]\s?\d|\d\s*%|\bper ?cent\b|\b(?:eur|usd|gbp|chf|sek|nok|euros?|dollars?)\b"
    r"|\bfree\b|\bno (?:charge|fee|cost)\b"
)
_NAME = r"(?<!^)(?<![.!?:] )\b(?-i:[A-Z])[\w\-]+"

_TYPES = tuple(
    (re.compile(asks, re.IGNORECASE), re.compile(holds, re.IGNORECASE))
    for asks, holds in (
        (
            r"\bhow (?:much|many)\b.*\b(?:cost|price|pay|charge|fee|expensive|refund)"
            r"|\b(?:price|cost|fee|charge|discount)\b|\bhow expensive\b",
            _MONEY,
        ),
        (
            r"\bhow (?:long|often|frequently|soon|quickly|fast)\b|\b(?:period|interval)s?\b"
            r"|\bhow many (?:days|weeks|months|years|hours|minutes)\b",
            _TIME,
        ),
        (
            r"\bhow (?:many|much|big|heavy|large|hot|high|wide|loud|far|tall|old|deep)\b"
            r"|\bwhat (?:temperature|pressure|capacity|weight|size|ratio|dose)\b"
            r"|\b(?:capacity|weight|wattage|voltage)\b",
            _NUMBER,
        ),
        (
            r"^\W*when\b|\bwhat (?:date|day|time|year)\b|\b(?:since|by|until) when\b|\bdeadline\b",
            _DATE,
        ),
        (r"^\W*(?:who|whom|whose)\b|\bwhich (?:company|person|team)\b", _NAME),
    )
)
_PROCEDURE = re.compile(
    r"\bhow (?:do|can|should|would|to|does one)\b(?!.*\b(?:long|often|much|many)\b)|\bsteps?\b"
    r"|\bwhat (?:do|should) i do\b|\bprocedure\b|\binstructions?\b|\bwalk me through\b",
    re.IGNORECASE,
)


def satisfies(question: str, text: str) -> bool:
    """Tell whether a text holds what the question's form asks for; true when it asks nothing special."""
    for asks, holds in _TYPES:
        if asks.search(question):
            return holds.search(text) is not None
    return True


def is_typed(question: str) -> bool:
    """Tell whether the question's form asks for a number, a time, money, a date or a name."""
    return any(asks.search(question) for asks, _ in _TYPES)


def asks_for_steps(question: str) -> bool:
    """Tell whether the question asks how to do something."""
    return _PROCEDURE.search(question) is not None and not is_typed(question)
