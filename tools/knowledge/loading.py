"""Files to documents. Nothing is fetched; what cannot be read is refused with the reason."""

import json
import stat
from pathlib import Path

from tools.errors import LoadingError
from tools.knowledge.decoding import blank_invisible, check_text, decode
from tools.knowledge.extraction import MIME, extract
from tools.knowledge.frontmatter import MOST_CHARACTERS, Facts, read_facts, read_front_matter
from tools.knowledge.groups import KEY, closed, stated_in
from tools.knowledge.markdown import blank_comments, headings
from tools.types import Document

MARKDOWN = frozenset({".md", ".markdown"})
PLAIN = MARKDOWN | {".txt"}
EXTENSIONS = PLAIN | {".jsonl"} | frozenset(MIME)
"""Every extension that can be loaded, lower case."""

MOST_BYTES = 50_000_000
TEXT_KEYS = ("text", "content", "body")
ID_KEYS = ("id", "_id")


def load(path: Path, *, root: Path, most_bytes: int = MOST_BYTES) -> list[Document]:
    """Read one file: one document, or one a line for JSON lines.

    For Markdown and plain text `Document.text` is the file's own text; characters and comments that no reader
    sees are spaces in it. Other formats become Markdown.

    Args:
        path: The file, inside `root`.
        root: Folder that sources are relative to; a link that leads out of it is refused.
        most_bytes: A larger file is refused.

    Raises:
        LoadingError: The file cannot be used; the message is the reason in one line.
    """
    source = source_of(path, root=root)
    return load_bytes(read_bytes(path, root=root, most_bytes=most_bytes), source=source)


def load_bytes(data: bytes, *, source: str) -> list[Document]:
    """Turn the content of the file named `source` into documents; raises as `load` does."""
    extension = Path(source).suffix.lower()
    if extension not in EXTENSIONS:
        known = " ".join(sorted(EXTENSIONS))
        raise LoadingError(f"the extension {extension!r} is not supported; use one of {known}")
    if not data.strip():
        raise LoadingError("the file is empty; fill or remove it")
    if extension == ".jsonl":
        check_text(data, "JSON lines")
        return _json_lines(decode(data), source)
    if extension in PLAIN:
        check_text(data, "text")
        return [_own_text(decode(data), source, extension)]
    extracted = extract(data, extension)
    with closed(bool(extracted.facts.metadata.groups)):
        return [_document(source=source, text=extracted.text, facts=extracted.facts)]


def source_of(path: Path, *, root: Path) -> str:
    """Return the path relative to `root` with forward slashes."""
    try:
        return path.absolute().relative_to(root.absolute()).as_posix()
    except ValueError:
        return path.resolve().relative_to(root.resolve()).as_posix()


def read_bytes(path: Path, *, root: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """Read a regular file inside `root`; raises as `load` does."""
    try:
        if not path.resolve(strict=True).is_relative_to(root.resolve(strict=True)):
            raise LoadingError("the path leads outside its folder; copy the file into it")
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise LoadingError("this is not a regular file; remove it")
        if status.st_size > most_bytes:
            raise LoadingError(f"the file has {status.st_size:,} bytes, over {most_bytes:,}; split it")
        with path.open("rb") as file:
            return file.read(most_bytes + 1)
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LoadingError(f"the file cannot be read: {reason}; check it and its permissions") from error


def _own_text(raw: str, source: str, extension: str) -> Document:
    """Make a document of Markdown or plain text, keeping every offset."""
    text = blank_invisible(raw)
    stated = stated_in(text[:MOST_CHARACTERS])
    with closed(stated):
        front = read_front_matter(text)
        if stated and not front.facts.metadata.groups:
            raise LoadingError("groups stand in a block that is no front matter; put it between --- lines")
        if extension in MARKDOWN:
            text = blank_comments(text, body_start=front.body_start)
        return _document(source=source, text=text, facts=front.facts, body_start=front.body_start)


def _document(*, source: str, text: str, facts: Facts, body_start: int = 0) -> Document:
    """Put a document together and give it a title."""
    if not text[body_start:].strip():
        raise LoadingError("the file holds no text; if it is a scan, run text recognition on it first")
    found = () if facts.title else headings(text, body_start=body_start)
    title = facts.title or next((heading.title for heading in found if heading.title), None)
    return Document(
        source=source,
        title=title or _words(source),
        text=text,
        body_start=body_start,
        metadata=facts.metadata,
        url=facts.url,
    )


def _words(source: str) -> str:
    """Make a title of a file name or an id."""
    path, _, identifier = source.partition("#")
    words = (identifier or Path(path).stem).replace("-", " ").replace("_", " ").split()
    return " ".join(words).capitalize() if words else source


def _json_lines(content: str, source: str) -> list[Document]:
    """Read one document a line; a bad line fails the file, so that nothing is lost unseen."""
    documents: dict[str, Document] = {}
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            with closed(f'"{KEY}"' in line.casefold()):
                document = _json_line(line, source)
        except LoadingError as error:
            raise type(error)(f"line {number}: {error}") from error
        if document.source in documents:
            raise LoadingError(f"line {number}: the id of {document.source!r} is used twice; make ids unique")
        documents[document.source] = document
    if not documents:
        raise LoadingError("the file is empty; fill or remove it")
    return list(documents.values())


def _json_line(line: str, source: str) -> Document:
    """Read one line of a JSON-lines file."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise LoadingError(f"not valid JSON ({str(error)[:80]}); correct it") from error
    if not isinstance(values, dict):
        raise LoadingError("not a JSON object; write one object a line")
    text = next((values[key] for key in TEXT_KEYS if isinstance(values.get(key), str)), None)
    identifier = next((values[key] for key in ID_KEYS if isinstance(values.get(key), str | int)), None)
    if text is None or not text.strip():
        raise LoadingError(f"no text under {', '.join(TEXT_KEYS)}; add it")
    if identifier is None or not str(identifier).strip():
        raise LoadingError(f"no id under {', '.join(ID_KEYS)}; add one")
    rest = {key: value for key, value in values.items() if key not in (*TEXT_KEYS, *ID_KEYS)}
    clean = blank_comments(blank_invisible(decode(text.encode("utf-8", errors="replace"))))
    name = blank_invisible(str(identifier)).strip()
    return _document(source=f"{source}#{name}", text=clean, facts=read_facts(rest))
