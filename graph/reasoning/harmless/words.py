"""What a single word of untrusted text may show: visible characters, and no address nobody gave us."""

import re
import unicodedata
from collections.abc import Set
from functools import lru_cache
from html import unescape

REMOVED = "…"
"""Stands where an address stood."""
_KEPT_SPACES = "\n\u00a0\u202f"
"""Line ends, and the spaces that numbers are grouped with."""
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U000e0000-\U000e0fff]"
)
"""Characters that show nothing although their category says otherwise; tags and variation selectors can
carry hidden text."""
_ENTITY = re.compile(r"&(?:#\d{1,8}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_EDGES = "\"'“”‘’()[]{}<>*_`~.,;:!?|…"
_MARKUP = str.maketrans("", "", "\\*`~")
_LINKING = re.compile(r"(?:https?://(?:www\.)?|www\.|mailto:)(?=\w)", re.IGNORECASE)
"""Beginnings of addresses that make links of them; without one the address can still be told."""

_SCHEME = (
    r"[a-z][a-z0-9+.\-]+:[/\\]|(?:javascript|vbscript|data|mailto|tel|sms|blob|about):[^\s]|//\w|www\.\w"
)
_HOST = r"[\w\-]*\.[^\W\d_][\w\-]*(?::\d+)?[/?#]|[\w\-]\.[^\W\d_]{2,}:\d"
_MAIL = r"[^\s@]@[\w\-]+\.\w"
_DOMAIN = r"[\w\-]\.(?:aero|asia|biz|com|coop|edu|gov|info|museum|name|net|org|pro|shop|web|xxx)(?!\w|-\w)"
"""Bare domains: the generic ones that linkify-it links; two-letter ones are file endings as often."""
_LINK = re.compile(_SCHEME, re.IGNORECASE)
_ADDRESS = re.compile("|".join((_SCHEME, _HOST, _MAIL, _DOMAIN)), re.IGNORECASE)


def visible(text: str) -> str:
    """Remove what no reader sees, controls and private characters; white space becomes plain spaces."""
    return "".join(map(_visible, text))


def harmless_words(text: str, *, kept: Set[str]) -> str:
    """Return text with entities decoded, in normal form NFC, and with addresses replaced by an ellipsis.

    Args:
        text: A word, or words, without line ends.
        kept: Addresses that stay, as they are written; links to them are shown as these addresses.
    """
    shown = _decoded(text)
    return "".join(_without_address(part, kept) for part in re.split(r"( +)", shown))


def addresses_in(text: str, *, of_links: bool = False) -> frozenset[str]:
    """Return the words that look like hosts, paths or mail addresses, but not full links.

    They may be repeated in an answer: repeating carries nothing away.

    Args:
        text: Where they stand.
        of_links: Count full links of the web and of mail too, as the addresses that they begin with.
    """
    cores = {word.strip(_EDGES) for word in _decoded(visible(text)).split()}
    named = {_unlinked(core) if of_links else core for core in cores if _ADDRESS.search(core)}
    return frozenset(core for core in named if not _LINK.search(core) and not set(core) & set("[]<>()\\"))


@lru_cache(maxsize=4096)
def _visible(character: str) -> str:
    if character in _KEPT_SPACES:
        return character
    if character.isspace():
        return " "
    hidden = unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs") or _UNSEEN.match(character)
    return "" if hidden else character


def _decoded(text: str) -> str:
    """Decode entities until none is left: nesting hides them, and so do invisible characters inside."""
    while True:
        decoded = _ENTITY.sub(lambda entity: unescape(entity.group()), text)
        decoded = unicodedata.normalize("NFC", visible(decoded).replace("\n", " "))
        if decoded == text:
            return text
        text = decoded


def _without_address(word: str, kept: Set[str]) -> str:
    core = word.strip(_EDGES)
    read = unicodedata.normalize("NFKC", word)
    if core in kept or not any(map(_ADDRESS.search, (read, read.translate(_MARKUP)))):
        return word
    start = len(word) - len(word.lstrip(_EDGES))
    before, unlinked, behind = word[:start], _unlinked(core), word[start + len(core) :]
    shown = f"{before}{unlinked}{behind}"
    return shown if unlinked in kept and not _LINK.search(shown) else f"{before}{REMOVED}{behind}"


def _unlinked(core: str) -> str:
    linking = _LINKING.match(core)
    return core[linking.end() :] if linking else core
