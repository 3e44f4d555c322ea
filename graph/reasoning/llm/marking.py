"""Blocks of untrusted text: fenced by tags that it cannot close, and marked in the gaps between its words.

Marking is the datamarking of Hines et al., "Defending Against Indirect Prompt Injection Attacks With
Spotlighting" (arXiv 2403.14720): a character that joins the words of untrusted text keeps telling the
model, all along the text, that these are not words of its user.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from graph.reasoning.harmless.words import visible

MARKERS = ("ˆ", "ˇ", "˘", "˙", "\ue000")
"""Tried in this order; the last stands in no cleaned text, so that one is always left."""
TAGS = (
    *("source", "question", "part", "turn", "claim", "evidence", "objection"),
    *("schema", "values", "example", "failed"),
)
"""Every tag that a prompt fences untrusted text with."""

_BLANKS = "".join(MARKERS)
_UNMARKED = str.maketrans(dict.fromkeys(MARKERS, " "))
_LINE_BREAK = re.compile(r"\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_OPENING = re.compile(rf"[<＜﹤][\s{_BLANKS}]*([/／\\]?)[\s{_BLANKS}]*(?=(\w+))")
_NAME = re.compile(rf"(?:{'|'.join(TAGS)})(?![a-z0-9])")
_DELIMITERS = str.maketrans('"＂<＜﹤>＞﹥', "””‹‹‹›››")
_LEAD = re.compile(r"[^\S\n]*(?:(?:[-*+•>]|#{1,6}|\(?(?:\d{1,3}|[A-Za-z])[.)])[^\S\n]+){0,3}")
"""Indentation and list, heading and quotation marks at the start of a line."""
_GAP = re.compile(r"(?<=[^\s|])[^\S\n]+(?=[^\s|])")
_UNSPACED = "。！？；，、："
"""Punctuation that ends words where a script has no blanks."""
_UNSPACED_GAP = re.compile(rf"(?<=[{_UNSPACED}])(?=[^\s|])")


def choose_marker(texts: Iterable[str]) -> str:
    """Return the first marker that stands in none of the texts."""
    everything = "".join(texts)
    return next((marker for marker in MARKERS if marker not in everything), MARKERS[-1])


def block(tag: str, attributes: Mapping[str, str | None], text: str, *, marker: str = "") -> str:
    """Return untrusted text between tags that nothing in it can open or close.

    Args:
        tag: One of `TAGS`.
        attributes: What the opening tag says; empty ones are left out, and their values are untrusted too.
        text: The text.
        marker: Joins its words; empty leaves them as they are.
    """
    said = (f' {name}="{_value(value, marker)}"' for name, value in attributes.items() if value)
    return f"<{tag}{''.join(said)}>\n{mark(defang(clean(text)).strip(), marker)}\n</{tag}>"


def clean(text: str) -> str:
    """Remove control and invisible characters, and make every line break a plain one."""
    lines = _LINE_BREAK.sub("\n", text).split("\n")
    return "\n".join(line if line.isascii() and line.isprintable() else visible(line) for line in lines)


def defang(text: str) -> str:
    """Break whatever reads like one of our tags, in any case, width and spacing."""
    return _OPENING.sub(_broken, text)


def mark(text: str, marker: str) -> str:
    """Replace the blanks between words by the marker; lines, lists and tables keep their structure."""
    if not marker:
        return text
    return "\n".join(_marked_line(line, marker) for line in text.split("\n"))


def unmark(text: str, marker: str) -> str:
    """Return marked text as it reads: a blank for every marker, none behind unspaced punctuation."""
    if not marker:
        return text
    return re.sub(rf"(?<=[{_UNSPACED}]){re.escape(marker)}", "", text).replace(marker, " ")


def without_markers(text: str) -> str:
    """Return a model's text without any marker that it copied."""
    return text.translate(_UNMARKED)


def _broken(opening: re.Match[str]) -> str:
    word = unicodedata.normalize("NFKC", opening[2]).casefold()
    return f"‹{opening[1]}" if _NAME.match(word) else opening[0]


def _marked_line(line: str, marker: str) -> str:
    lead = _LEAD.match(line)
    start = lead.end() if lead else 0
    return line[:start] + _GAP.sub(marker, _UNSPACED_GAP.sub(marker, line[start:]))


def _value(value: str, marker: str) -> str:
    """Return an attribute's value on one line, without anything that could end it or its tag."""
    line = defang(" ".join(clean(value).split()))
    return _GAP.sub(marker or " ", line.translate(_DELIMITERS))
