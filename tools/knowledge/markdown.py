"""The block structure of Markdown with true character offsets."""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

CODE = frozenset({"fence", "code_block"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading at the top level of a text."""

    level: int
    title: str
    start: int
    end: int
    """Offset behind the heading's last line."""


def headings(text: str, *, body_start: int = 0) -> list[Heading]:
    """Find the top-level headings; a `#` in code, a quote or a list is none.

    Args:
        text: Markdown with newline line ends.
        body_start: Where the content starts; offsets count from the start of the text.
    """
    body = text[body_start:]
    lines = _line_starts(body)
    tokens = _blocks(body)
    found = []
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open" and opening.level == 0 and opening.map:
            first, last = opening.map
            found.append(
                Heading(
                    level=int(opening.tag[1:]),
                    title=_plain(inline.content),
                    start=body_start + lines[first],
                    end=body_start + lines[last],
                )
            )
    return found


def blank_comments(text: str, *, body_start: int = 0) -> str:
    """Replace HTML comments, which no reader sees, by spaces; line ends and offsets stay.

    Comments inside code are shown to readers and stay. An unclosed comment in an HTML block hides the rest.
    """
    if "<!--" not in text:
        return text
    body = text[body_start:]
    lines = _line_starts(body)
    tokens = [token for token in _blocks(body) if token.map]
    code = _spans(tokens, lines, CODE)
    raw = _spans(tokens, lines, frozenset({"html_block"}))
    pieces, position = [], 0
    while (start := body.find("<!--", position)) >= 0:
        after_code = _end_of_span(code, start)
        if after_code is not None:
            pieces.append(body[position:after_code])
            position = after_code
            continue
        end = _comment_end(body, start)
        if end is None and _end_of_span(raw, start) is None:
            break
        end = len(body) if end is None else end
        pieces += (body[position:start], re.sub(r"[^\n]", " ", body[start:end]))
        position = end
    return text[:body_start] + "".join((*pieces, body[position:]))


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    """Build a parser of blocks; inline markup is left as it stands."""
    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


def _blocks(body: str) -> list[Token]:
    return _parser().parse(body)


def _line_starts(body: str) -> list[int]:
    """Return the offset of every line, and of the end for one line more."""
    starts = list(accumulate((len(line) + 1 for line in body.split("\n")), initial=0))
    starts[-1] = len(body)
    return [*starts, len(body)]


def _spans(tokens: list[Token], lines: list[int], types: frozenset[str]) -> list[tuple[int, int]]:
    """Return the offsets of blocks of some types, in order."""
    chosen = (token.map for token in tokens if token.map and token.type in types)
    return [(lines[first], lines[last]) for first, last in chosen]


def _end_of_span(spans: list[tuple[int, int]], offset: int) -> int | None:
    """Return the end of the span around an offset."""
    return next((end for start, end in spans if start <= offset < end), None)


def _comment_end(body: str, start: int) -> int | None:
    """Return the offset behind a comment, or None when it is not closed."""
    for short in ("<!-->", "<!--->"):
        if body.startswith(short, start):
            return start + len(short)
    closing = body.find("-->", start + 4)
    return None if closing < 0 else closing + 3


def _plain(markup: str) -> str:
    """Take emphasis, code and link marks off a heading."""
    without_links = re.sub(r"!?\[([^\]\[]*)\]\([^()\s]*\)", r"\1", markup)
    without_marks = re.sub(r"(\*\*|__|\*|`|~~)(?=\S)(.+?)(?<=\S)\1", r"\2", without_links)
    return " ".join(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", without_marks).split())
