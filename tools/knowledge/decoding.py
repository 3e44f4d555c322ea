"""Bytes to text: what a file really is, which encoding it has, and what in it nobody can see."""

import codecs
import io
import re
import zipfile

from tools.errors import LoadingError

MAGIC = (
    (b"%PDF-", "a PDF"),
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"RIFF", "a media file"),
    (b"PK\x03\x04", "a ZIP or Office file"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old or encrypted Office file"),
    (b"\x7fELF", "a program"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"SQLite format 3\x00", "a SQLite database"),
)
"""How the formats people mislabel begin."""

INVISIBLE = re.compile(
    "[\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U0001bca0-\U0001bca3\U000e0000-\U000e0fff]"
)
"""Zero-width, bidirectional-control, filler, variation-selector and tag characters."""

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f]")
LONE_SURROGATE = re.compile("[\ud800-\udfff]")
DECLARED_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{2,30})")
MOST_UNPACKED_BYTES = 500_000_000


def check_text(data: bytes, what: str) -> None:
    """Refuse bytes that are a known binary format instead of `what`."""
    for magic, name in MAGIC:
        if data.startswith(magic):
            raise LoadingError(f"the content is {name}, not {what}; give it its true extension")


def check_pdf(data: bytes) -> None:
    """Refuse bytes that are no PDF."""
    if b"%PDF-" not in data[:1024]:
        raise LoadingError("the content is not a PDF; give it its true extension or export it again")


def check_office(data: bytes, part: str, extension: str) -> None:
    """Refuse bytes that are no Office file holding `part`, are encrypted or would unpack too large."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise LoadingError("the file is encrypted; save it without a password")
        raise LoadingError(f"the content is an old Office file; save it as {extension}")
    if not data.startswith(b"PK"):
        raise LoadingError(f"the content is not {extension}; give it its true extension or export it again")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise LoadingError("the file is damaged: its archive cannot be opened; export it again") from error
    if part not in names:
        raise LoadingError(f"the content is another archive, not {extension}; give it its true extension")
    if unpacked > MOST_UNPACKED_BYTES:
        raise LoadingError(f"the file unpacks to {unpacked:,} bytes, over {MOST_UNPACKED_BYTES:,}; split it")


def decode(data: bytes, *, declared: bool = False) -> str:
    r"""Turn bytes into text with "\n" line ends and no byte-order mark.

    UTF-8 first, UTF-16 with a byte-order mark, the charset a HTML file declares, then Windows-1252 if that
    gives printable text.

    Args:
        data: The content of a file.
        declared: Whether a `charset=` near the start counts, as in HTML.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = _attempt(data, "utf-16")
    else:
        text = _attempt(data, "utf-8-sig")
        if text is None and declared and (match := DECLARED_CHARSET.search(data[:4096])):
            text = _attempt(data, match[1].decode("ascii"))
        if text is None:
            text = _windows_text(data)
    if text is None or "\x00" in text:
        raise LoadingError("the content is not text in UTF-8, UTF-16 or Windows-1252; save it as UTF-8")
    return normalise_newlines(text)


def normalise_newlines(text: str) -> str:
    r"""Write every line end as "\n"."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def blank_invisible(text: str) -> str:
    """Replace each character nobody can see by a space, so that offsets stay true."""
    return LONE_SURROGATE.sub("\ufffd", CONTROL.sub(" ", INVISIBLE.sub(" ", text)))


def strip_invisible(text: str) -> str:
    """Remove the characters nobody can see."""
    visible = CONTROL.sub("", INVISIBLE.sub("", text.replace("\u00ad", "")))
    return LONE_SURROGATE.sub("\ufffd", visible)


def _attempt(data: bytes, encoding: str) -> str | None:
    """Decode strictly, or return None."""
    try:
        return data.decode(encoding)
    except (UnicodeError, LookupError):
        return None


def _windows_text(data: bytes) -> str | None:
    """Decode Windows-1252, or return None when that gives control characters."""
    text = _attempt(data, "cp1252")
    return None if text is None or CONTROL.search(normalise_newlines(text)) else text
