"""Split a compound question into parts that can be answered side by side."""

import re

from tools.text.words import stems

MOST_PARTS = 4

_OPENERS = (
    r"(?:how|what|what's|when|where|which|who|whose|why|can|could|do|does|did|is|are|am|was|were|will|would"
    r"|should|may|has|have|tell me|show me|list)"
)
_OPENING = rf"(?:(?:within|in|on|at|for|by|after|from|to|until|since|with) )?{_OPENERS}\b"
_JOINT = re.compile(
    rf"(?:[,;]\s*|\s+)(?:and also|and|but|or|also|as well as),?\s+(?:also\s+)?(?={_OPENING})"
    rf"|;\s+|,\s+(?={_OPENING})",
    re.IGNORECASE,
)
_OPENS = re.compile(
    rf"\s*(?!(?:if|once|because|while|although)\b|when\s+(?!{_OPENERS}\b)){_OPENING}", re.IGNORECASE
)
_STATEMENT = re.compile(
    r"\s*(?:i|i'm|i'd|i've|we|you|he|she|it|it's|they|there|this|that|my|our|your|the|if|when|once|because|while"
    r"|although|\w+ed)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[?])\s+|(?<=[.!])\s+(?=[A-Z])")
_QUESTION = re.compile(rf"(?:^|[,:]\s*|\b(?:and|but|so|then)\s+){_OPENERS}\b|\?\s*$", re.IGNORECASE)
_PAIR = re.compile(
    r"^(?P<lead>(?:what(?:'s| is| are)|tell me|give me|show me)\s+the)\s+(?P<one>[\w\- ]{2,30}?)"
    r"\s+and\s+(?:the\s+)?(?P<two>[\w\- ]{2,30}?)\s+(?P<rest>(?:of|for)\s+.+)$",
    re.IGNORECASE,
)
_COMPARISON = re.compile(r"\b(?:difference|differ|compare|compared|versus|vs|better|or the)\b", re.IGNORECASE)


def split(question: str) -> list[str]:
    """Return the sub-questions in order, at most four; a plain question comes back alone.

    Statements before a question are its context and stay with it: "I bought it in May. Can I return it?"
    is one part. Clauses are cut only where the next one opens like a question of its own.
    """
    parts: list[str] = []
    context: list[str] = []
    for sentence in _SENTENCE.split(question.strip()):
        if not sentence.strip():
            continue
        if not _QUESTION.search(sentence):
            context.append(sentence.strip())
            continue
        pieces = _clauses(sentence.strip())
        parts += [" ".join([*context, piece]) if context else piece for piece in pieces]
    if not parts:
        return [question.strip()]
    if trailing := _trailing_context(question, parts):
        parts[-1] = f"{parts[-1]} {trailing}"
    return (
        parts if len(parts) <= MOST_PARTS else [*parts[: MOST_PARTS - 1], " ".join(parts[MOST_PARTS - 1 :])]
    )


def _clauses(sentence: str) -> list[str]:
    if _COMPARISON.search(sentence):
        return [sentence]
    pieces: list[str] = []
    word, end = "", 0
    for joint in [*_JOINT.finditer(sentence), None]:
        piece = sentence[end : joint.start() if joint else None].strip()
        if pieces and not (_asks(pieces[-1], word) and _OPENS.match(piece) and stems(piece)):
            pieces[-1] = f"{pieces[-1]}, {piece}"
        elif piece:
            pieces.append(piece)
        if joint:
            word, end = joint.group(), joint.end()
    return [named for piece in pieces for named in _pair(_asked(piece))]


def _asks(piece: str, joint: str) -> bool:
    """Tell whether a clause asks something of its own: "price of X and how ...", not "it leaks, how ..."."""
    if _OPENS.match(piece):
        return True
    return bool(re.search(r"\w", joint)) and not _STATEMENT.match(piece) and len(stems(piece)) > 1


def _pair(clause: str) -> list[str]:
    """Split "What is the A and the B of X?" into one question each."""
    match = _PAIR.match(clause)
    if match is None:
        return [clause]
    return [f"{match['lead']} {match[name]} {match['rest']}" for name in ("one", "two")]


def _asked(piece: str) -> str:
    piece = piece.strip().rstrip(",;")
    piece = piece[:1].upper() + piece[1:]
    return piece if piece.endswith(("?", ".", "!")) else f"{piece}?"


def _trailing_context(question: str, parts: list[str]) -> str:
    """Return a statement that follows the last question, such as "It is a Birch B."."""
    last = _SENTENCE.split(question.strip())[-1].strip()
    return last if len(parts) >= 1 and not _QUESTION.search(last) and last not in parts[-1] else ""
