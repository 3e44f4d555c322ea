"""Office, PDF, HTML and CSV files to Markdown, by kreuzberg; nothing is fetched or executed."""

import re
from dataclasses import dataclass

from tools.errors import AccessUnclear, LoadingError
from tools.knowledge.decoding import (
    check_office,
    check_pdf,
    check_text,
    decode,
    normalise_newlines,
    strip_invisible,
)
from tools.knowledge.frontmatter import KNOWN, Facts, read_facts
from tools.knowledge.groups import KEY, closed, is_key

OFFICE = "application/vnd.openxmlformats-officedocument."
MIME = {
    ".pdf": "application/pdf",
    ".docx": f"{OFFICE}wordprocessingml.document",
    ".xlsx": f"{OFFICE}spreadsheetml.sheet",
    ".html": "text/html",
    ".htm": "text/html",
    ".csv": "text/csv",
}
DECLARED = KNOWN - {"title", "url"} | {"revision"}
"""What keywords and meta tags may declare; other words there are only words."""
META_FACT = re.compile(
    r"<meta\s+name=[\"'](?P<name>\w+)[\"']\s+content=[\"'](?P<content>[^<>\"']*)[\"']\s*/?>", re.IGNORECASE
)
META_GROUPS = re.compile(
    r"<meta\b[^<>]*(?:\bname\s*=\s*[\"']?\s*groups\b|\bcontent\s*=\s*[\"'][^<>\"']*\bgroups\s*=)",
    re.IGNORECASE,
)
"""Any tag that states groups, also one that is not written as they are read, or among keywords."""
GROUPS_WORD = re.compile(r"\s*groups\s*[=:](?P<names>.*)", re.IGNORECASE)
META_TAG = re.compile(r"<(?:meta|link|base)\b[^<>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """What an extraction gives: Markdown, and what the file itself declares."""

    text: str
    facts: Facts


def extract(data: bytes, extension: str) -> Extracted:
    """Turn the bytes of a file with one of the extensions in `MIME` into Markdown."""
    declared: dict[str, object] = {}
    if extension == ".pdf":
        check_pdf(data)
    elif extension == ".docx":
        check_office(data, "word/document.xml", extension)
    elif extension == ".xlsx":
        check_office(data, "xl/workbook.xml", extension)
    else:
        check_text(data, extension)
        text = decode(data, declared=extension != ".csv")
        if extension != ".csv":
            declared, text = _split_head(text)
        data = text.encode("utf-8", errors="replace")
    text, found = _run(data, MIME[extension])
    facts = {**found, **declared}
    with closed(KEY in facts):
        return Extracted(text=text, facts=read_facts(facts))


def _run(data: bytes, mime: str) -> tuple[str, dict[str, object]]:
    """Return text and declared facts; kreuzberg is imported here: most installations read Markdown only."""
    from kreuzberg import ExtractionConfig, KreuzbergError, extract_bytes_sync

    config = ExtractionConfig(output_format="markdown", use_cache=False)
    try:
        result = extract_bytes_sync(data, mime, config=config)
    except (KreuzbergError, OSError, ValueError, RuntimeError) as error:
        if "password" in str(error).lower() or "encrypted" in str(error).lower():
            raise LoadingError("the file is encrypted; save it without a password") from error
        raise LoadingError(f"the file is damaged: {_first_line(error)}; export it again") from error
    facts = _keywords(result.metadata.get("keywords"))
    if title := result.metadata.get("title"):
        facts["title"] = " ".join(strip_invisible(str(title)).split())
    return strip_invisible(normalise_newlines(result.content)), facts


def _keywords(keywords: object) -> dict[str, object]:
    """Read keywords such as "valid_from=2026-03-01", which is how office files say what front matter says."""
    words = [str(word) for word in keywords] if isinstance(keywords, list) else []
    pairs = (word.partition("=") for word in words)
    facts: dict[str, object] = {
        key.strip(): value.strip() for key, separator, value in pairs if separator and key.strip() in DECLARED
    }
    return facts | _joined([match["names"] for word in words if (match := GROUPS_WORD.fullmatch(word))])


def _joined(groups: list[str]) -> dict[str, object]:
    """Return what several statements of groups say together."""
    return {KEY: ", ".join(groups)} if groups else {}


def _split_head(page: str) -> tuple[dict[str, object], str]:
    """Take title and meta tags off a page: the extractor would write them into the text."""
    facts: dict[str, object] = {
        match["name"]: match["content"] for match in META_FACT.finditer(page) if match["name"] in DECLARED
    }
    groups = [
        _unescape(match["content"]) or "" for match in META_FACT.finditer(page) if is_key(match["name"])
    ]
    if len(groups) != len(META_GROUPS.findall(page)):
        raise AccessUnclear('groups: a tag cannot be read; write <meta name="groups" content="NAMES">')
    facts |= _joined(groups)
    title_start = re.search(r"<title\b[^<>]*>", page, re.IGNORECASE)
    title = None
    if title_start and (closing := re.compile(r"</title\s*>", re.IGNORECASE).search(page, title_start.end())):
        title = page[title_start.end() : closing.start()]
        page = page[: title_start.start()] + page[closing.end() :]
    if title := _unescape(title):
        facts["title"] = title
    return facts, META_TAG.sub("", page)


def _unescape(title: str | None) -> str | None:
    """Write character references out."""
    from html import unescape

    return " ".join(strip_invisible(unescape(title)).split()) or None if title else None


def _first_line(error: Exception) -> str:
    """Shorten a foreign message to one line."""
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
