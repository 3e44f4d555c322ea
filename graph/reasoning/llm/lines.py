"""What a line of a model's reply is, as soon as its beginning tells."""

import re
from dataclasses import dataclass
from typing import Literal

from graph.reasoning.harmless.marks import MARK

LineKind = Literal["blank", "heading", "sources", "definition", "table", "row", "item", "step", "text"]
"""`blank` is everything that only separates: empty lines, rules, code fences, NOT ANSWERED."""

_QUOTE = re.compile(r"(?: *>)* *")
_SEPARATOR = re.compile(r"(?:(?:[-*_=•] *){2,}|(?:```|~~~).*)?$")
_HEADING = re.compile(r"#{1,6}(?: .*)?$|(?P<bold>\*\*|__)(?:(?!(?P=bold)).)+(?P=bold):? *$")
_PART = re.compile(
    r"\W+(?:part |question )? *(?P<bare>\d{1,2})\W*$"
    r"|#{1,2} +(?:part |question )? *(?P<titled>\d{1,2})(?:[.:)].*|.*\?\W*)$",
    re.IGNORECASE,
)
"""Headings that open the answer to a part; a title may repeat its question."""
_ITEM = re.compile(r"[-*+•–] +(?=[^ ])")
_STEP = re.compile(r"\d{1,3}[.)] +(?=[^ ])")
_TABLE = re.compile(
    rf"[*_]*[\[【] *table *#?(?P<number>\d{{1,5}}) *[\]】][*_.:; ]*(?:{MARK} *)*\.?$", re.IGNORECASE
)
_DEFINITION = re.compile(r"\\?\[[^\]]{1,80}\]:")
_NOT_ANSWERED = "not answered"
_LISTS_SOURCES = (
    *("source", "sources", "sources used", "references", "citations"),
    *("quellen", "fuentes", "来源", "参考资料"),
)
"""What stands over a list of sources that nobody asked for."""

_MARK = re.compile(MARK, re.IGNORECASE)
_UNDECIDED = re.compile(
    r"[#|<].*"
    r"|[\W_]*[\[【［].*"
    r"|[`~]{1,2}"
    r"|[-*_=•+–][-*_=•+– ]*"
    r"|(?P<bold>\*\*|__)(?:(?!(?P=bold)).)*(?:(?P=bold):? *)?"
    r"|\d{1,3}(?:[.)] *)?"
)
"""Beginnings that more characters may turn into something else; the first two wait for the line's end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a line is."""

    kind: LineKind
    content: int = 0
    """Offset at which its own words start."""
    number: int | None = None
    """The part that a heading opens, or the source whose table is to be shown."""

    @property
    def has_words(self) -> bool:
        """Whether it holds words of the answer."""
        return self.kind in ("row", "item", "step", "text")


def line_of(text: str, *, complete: bool) -> Line | None:
    """Return what a line is, or None while that takes more of it.

    More of the line never changes an answer that was given.

    Args:
        text: The line or its beginning; tabs are blanks.
        complete: Whether the line ends here.
    """
    quote = _QUOTE.match(text)
    start = quote.end() if quote else 0
    bare = text[start:].rstrip(" ")
    if not complete and _is_undecided(text[start:]):
        return None
    mark = _ITEM.match(text, start) or _STEP.match(text, start)
    own = mark.end() if mark else start
    if table := _TABLE.match(text[own:].rstrip(" ")):
        return Line(kind="table", number=int(table["number"]))
    if (line := _separating(bare)) is not None:
        return line
    if bare.startswith("|"):
        return Line(kind="row", content=start)
    if not mark:
        return Line(kind="text", content=start)
    return Line(kind="step" if text[start].isdigit() else "item", content=own)


def _separating(bare: str) -> Line | None:
    """Return what a line is that says nothing itself."""
    folded = _folded(_MARK.sub("", bare))
    name, colon, _ = folded.replace("：", ":").partition(":")
    if name.strip(" *_") in _LISTS_SOURCES and (colon or len(name) == len(folded)):
        return Line(kind="sources")
    if _SEPARATOR.match(bare) or folded == _NOT_ANSWERED:
        return Line(kind="blank")
    if _HEADING.match(bare):
        part = _PART.match(bare)
        return Line(kind="heading", number=int(part["bare"] or part["titled"]) if part else None)
    return Line(kind="definition") if _DEFINITION.match(bare) else None


def _folded(text: str) -> str:
    """Return a line's words without the marks around them."""
    return " ".join(re.sub(r"^[\W_]+|[\W_]+$", "", text).casefold().split())


def _is_undecided(text: str) -> bool:
    text = text.lstrip(" ")
    if not text or _UNDECIDED.fullmatch(text):
        return True
    mark = _ITEM.match(text) or _STEP.match(text)
    if mark and _is_undecided(text[mark.end() :]):
        return True
    words = re.sub(r"^[\W_]+| +(?= )", "", text.casefold())
    return not words or any(
        name.startswith(words) or re.fullmatch(rf"{name}[\W_]*(?:[\[【［].*)?", words)
        for name in (_NOT_ANSWERED, *_LISTS_SOURCES)
    )
