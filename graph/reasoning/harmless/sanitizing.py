"""Untrusted text as harmless Markdown: no image, no HTML, no link but to what we gave it.

A line is read once from left to right. Constructs (images, links, tags) are taken out where they are
recognised, then every finished word loses its addresses, and at last a space breaks each pair of characters
without which Markdown knows no link, image, definition or tag: `](`, `]:`, `][`, `![`, `<x`. That last step
is the guarantee; those before it keep the text readable.
"""

import re
import unicodedata
from collections.abc import Set
from html import unescape

from graph.reasoning.harmless.marks import MARK, encode, numbers_in
from graph.reasoning.harmless.words import harmless_words, visible

LONGEST = 2000
"""Most characters of one construct; what is longer is read as plain text."""

_TARGET = r"\((?P<target>[^()]{0,1000}(?:\([^()]{0,200}\)[^()]{0,400}){0,3})\)"
_LABEL = r"(?P<label>(?:[^\[\]]|\[[^\[\]]{0,200}\]){0,500})"
_IMAGE = re.compile(rf"!(?!{MARK})\[{_LABEL}\\?\](?:{_TARGET}|\[[^\[\]]{{0,200}}\])", re.IGNORECASE)
_LINK = re.compile(rf"\\?\[{_LABEL}\\?\]{_TARGET}")
_REFERENCE = re.compile(rf"\[(?P<label>[^\[\]]{{0,500}})\](?!{MARK})\[[^\[\]]{{0,200}}\]", re.IGNORECASE)
_DOUBLE = re.compile(rf"\[ ?(?P<label>(?:{MARK})+) ?\](?!\()", re.IGNORECASE)
_PLAIN = re.compile(r"[!\\]?\[[^\[\]]{0,500}\][^(\[]")
"""Brackets that are none of the above, whatever follows."""
_NAMES = (
    "a|abbr|article|audio|b|base|big|blockquote|body|br|button|center|cite|code|dd|del|details|div|dl|dt|em|"
    "embed|font|footer|form|frame|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd|li|link|main|mark|math|"
    "meta|nav|object|ol|option|p|picture|pre|q|s|samp|script|section|select|small|source|span|strong|style|sub|"
    "summary|sup|svg|table|tbody|td|textarea|tfoot|th|thead|title|tr|tt|u|ul|var|video"
)
_TAG = re.compile(
    rf"<!--[^\n]{{0,1000}}?-->|</?(?:{_NAMES})(?:[\s/][^<>]{{0,1000}})?>|</?[a-z][^<>]{{0,200}}=[^<>]{{0,800}}>",
    re.IGNORECASE,
)
"""Tags; a placeholder such as <file> is none and stays readable."""
_SPACING_TAG = re.compile(r"</?(?:br|p|div|li|tr|td|th|hr|h[1-6]|ul|ol|table)\b", re.IGNORECASE)
_AUTOLINK = re.compile(r"<(?P<url>[a-z][a-z0-9+.\-]*:[^\s<>]{1,1000})>", re.IGNORECASE)
_RUN = re.compile(
    rf" *(?P<marks>{MARK}(?:\([^()\s]{{0,300}}\))?(?:[ ,;]{{0,3}}{MARK}(?:\([^()\s]{{0,300}}\))?){{0,30}})"
    r"(?P<closers>[.,;:!?。，；：！？、]{0,5})",
    re.IGNORECASE,
)
"""Markers and the punctuation behind them."""
_IDEOGRAPH = re.compile("[⺀-\u300f\u3012-ヿ㇀-\u9fff豈-\ufaff！？，；：\U00020000-\U0003ffff]")
"""Characters of scripts without blanks between words: each is a word, so that it can be passed on."""
_ORDINARY = re.compile(
    "[^ \\[【［<!\\\\⺀-\u300f\u3012-ヿ㇀-\u9fff豈-\ufaff！？，；：\U00020000-\U0003ffff]+"
)
_PAIR = re.compile(r"\](?=[(:\[])|!(?=\[)|<(?=[^\s\d=<]|\d[^\s<>]*@)")
_OPENING = "[【［"
_CLOSING = re.compile(r"[\]】］]")
_ENDS = ".!?。！？:：…"


class Scanner:
    """Reads one line of untrusted text piece by piece and gives out what is certainly harmless.

    Args:
        sources: Numbers that a marker may name. Markers are given out encoded (see `marks`), behind the
            punctuation that follows them; other numbers are dropped. None leaves markers alone.
        kept: Addresses that stay as they are written.
        linked: Addresses that links may lead to.
    """

    def __init__(
        self, *, sources: Set[int] | None, kept: Set[str] = frozenset(), linked: Set[str] = frozenset()
    ) -> None:
        self._sources = sources
        self._kept = kept | linked
        self._linked = linked
        self._begin()

    def feed(self, piece: str) -> str:
        """Return what has become certain with these characters, which hold no line end."""
        self._pending += visible(piece)
        return self._scan(final=False)

    def end(self) -> str:
        """Return the rest of the line, and be ready for the next."""
        shown = self._scan(final=True)
        self._begin()
        return shown

    def _begin(self) -> None:
        self._pending = ""
        self._word = ""
        self._shown: list[str] = []
        self._last = ""
        self._dropped = False

    def _scan(self, *, final: bool) -> str:
        while self._pending and self._step(final=final):
            pass
        if final:
            self._finish_word()
        shown = "".join(self._shown)
        self._shown.clear()
        return shown

    def _step(self, *, final: bool) -> bool:
        """Read one token; False when it takes more characters to know which it is."""
        if ordinary := _ORDINARY.match(self._pending):
            self._take(ordinary.end())
            return True
        first = self._pending[0]
        if first == " ":
            return self._space(final=final)
        if _IDEOGRAPH.match(first):
            return self._ideograph(final=final)
        if len(self._pending) == 1 and not final:
            return False
        if first == "<":
            return self._tag(final=final)
        if first in "!\\" and not self._pending[1:].startswith("["):
            self._take(1)
            return True
        return self._bracket(final=final)

    def _space(self, *, final: bool) -> bool:
        self._finish_word()
        text = self._pending.lstrip(" ")
        if not text:
            return False
        if self._sources is not None and text[0] in (*_OPENING, "\\"):
            if (marked := self._marks(final=final)) is not None:
                return marked
            if not final and _may_be_mark(text):
                return False
        blank = self._pending[: len(self._pending) - len(text)]
        self._show(blank)
        self._pending = text
        return True

    def _ideograph(self, *, final: bool) -> bool:
        end = 1
        while end < len(self._pending) and unicodedata.combining(self._pending[end]):
            end += 1
        if end == len(self._pending) and not final:
            return False
        self._finish_word()
        self._take(end)
        self._finish_word()
        return True

    def _tag(self, *, final: bool) -> bool:
        if tag := _TAG.match(self._pending, 0, LONGEST):
            self._replace(tag.end(), " " if _SPACING_TAG.match(tag.group()) else "")
        elif autolink := _AUTOLINK.match(self._pending, 0, LONGEST):
            self._replace(autolink.end(), autolink["url"])
        elif not final and _is_open(self._pending):
            return False
        else:
            self._take(1)
        return True

    def _bracket(self, *, final: bool) -> bool:
        if (marked := self._marks(final=final)) is not None:
            return marked
        text = self._pending
        if image := _IMAGE.match(text, 0, LONGEST):
            self._replace(image.end(), "")
        elif link := _LINK.match(text, 0, LONGEST):
            self._link(link)
        elif doubled := self._doubled(final=final):
            self._replace(doubled.end(), doubled["label"])
        elif reference := _REFERENCE.match(text, 0, LONGEST):
            self._replace(reference.end(), reference["label"])
        elif not final and _is_open(text):
            return False
        else:
            self._take(1)
        return True

    def _doubled(self, *, final: bool) -> re.Match[str] | None:
        if self._sources is None:
            return None
        doubled = _DOUBLE.match(self._pending, 0, LONGEST)
        return doubled if doubled and (final or doubled.end() < len(self._pending)) else None

    def _link(self, link: re.Match[str]) -> None:
        """Keep a link to an address of ours, and the label of any other."""
        label = link["label"].rstrip("\\")
        target = unescape(link["target"].strip().strip("<>"))
        escaped = "\\" in (link.group()[0], (self._last + self._word)[-1:])
        if target in self._linked and not escaped and not set("()<> ") & set(target):
            shown = sanitize(label).strip()
            if shown and not set("[]\\") & set(shown):
                self._finish_word()
                self._show("[")
                self._shown.append(f"{shown}]({target})")
                self._last = ")"
                label = ""
        self._replace(link.end(), label)

    def _marks(self, *, final: bool) -> bool | None:
        """Read markers; False when more may follow, None when there are none."""
        if self._sources is None or (run := _RUN.match(self._pending, 0, LONGEST)) is None:
            return None
        if not final and _may_go_on(self._pending[run.end("marks") :], behind=self._pending[run.end() :]):
            return False
        self._finish_word()
        if self._last and not (run["closers"][:1] and self._last in _ENDS):
            self._word = run["closers"]
            self._finish_word()
        known = encode(number for number in numbers_in(run["marks"]) if number in self._sources)
        self._pending = self._pending[run.end() :]
        if known:
            self._shown.append(known)
            self._last = "]"
        self._dropped = not known
        return True

    def _take(self, length: int) -> None:
        self._word += self._pending[:length]
        self._pending = self._pending[length:]

    def _replace(self, length: int, text: str) -> None:
        self._pending = text + self._pending[length:]

    def _finish_word(self) -> None:
        word, self._word = harmless_words(self._word, kept=self._kept), ""
        if not word:
            return
        if self._dropped and self._last not in ("", " ") and not word.startswith(" "):
            word = f" {word}"
        self._dropped = False
        self._show(word)

    def _show(self, text: str) -> None:
        self._dropped = self._dropped and not text.strip()
        self._shown.append(_PAIR.sub(r"\g<0> ", self._last + text)[len(self._last) :])
        self._last = text[-1]


def sanitize(text: str, *, allowed_urls: Set[str] = frozenset(), kept: Set[str] = frozenset()) -> str:
    """Return untrusted text as harmless Markdown; doing it again changes nothing.

    Args:
        text: Whatever a model or a document says.
        allowed_urls: Links may lead to these, and these may be named; other links keep their text alone.
        kept: Addresses without a scheme that may be named.
    """
    scanner = Scanner(sources=None, kept=kept, linked=allowed_urls)
    lines = visible(text).split("\n")
    return "\n".join((scanner.feed(line) + scanner.end()).rstrip(" ") for line in lines)


def _is_open(text: str) -> bool:
    """Tell whether what begins here, with two characters at least, could still become a construct."""
    if len(text) > LONGEST:
        return False
    if "<!--".startswith(text[:4]):
        return "-->" not in text[4:]
    if text[0] == "<":
        return ">" not in text and (text[1] == "/" or text[1].isalpha())
    if text[0] in "【［":
        return not _CLOSING.search(text)
    return "[" in text[:2] and not _PLAIN.match(text)


def _may_be_mark(text: str) -> bool:
    """Tell whether what begins here could still become a marker."""
    opening = text[1:2] if text[0] == "\\" else text[0]
    return opening in ("", *_OPENING) and len(text) <= LONGEST and not _CLOSING.search(text)


def _may_go_on(rest: str, *, behind: str) -> bool:
    """Tell whether markers may go on.

    Args:
        rest: What follows them.
        behind: What follows the punctuation behind them.
    """
    if not behind:
        return True
    following = rest.lstrip(" ,;")
    if len(rest) > LONGEST:
        return False
    if rest[0] == "(":
        return not re.search(r"[) ]", rest)
    return not following or _may_be_mark(following)
