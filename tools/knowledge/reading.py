"""What changed in the files of a base since the last run, read and chunked."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.errors import AccessUnclear, LoadingError
from tools.knowledge.chunking import CAPACITY, chunk, content_hash
from tools.knowledge.loading import load_bytes, read_bytes
from tools.knowledge.manifest import Entry
from tools.knowledge.scanning import FoundFile
from tools.knowledge.sparse import DEFAULT_LANGUAGE
from tools.knowledge.tokens import Tokens
from tools.types import Chunk, ChunkingMethod, Document, FileFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseConfig:
    """One knowledge base to ingest."""

    name: str
    paths: tuple[Path, ...]
    """Folders, and files named one by one."""
    capacity: int = CAPACITY
    """Most tokens in a chunk."""
    language: str = DEFAULT_LANGUAGE
    method: ChunkingMethod = "structure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A new or changed document whose chunks are to be written."""

    entry: Entry
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRead:
    """A file that was read to its end; follows its documents."""

    file: str
    fingerprint: str
    sources: frozenset[str]
    unchanged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """A file of which nothing may be served, nor what was ingested before: who may read it is unclear."""

    failure: FileFailure


Step = Ready | FileRead | FileFailure | Withdrawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What the index held before the run."""

    entries: Mapping[str, Entry]
    by_file: Mapping[str, Sequence[Entry]]
    fingerprints: Mapping[str, str]
    """Of the files that were complete."""
    lost: frozenset[str]
    """Sources of which the store misses chunks: they are read again."""


class Reader:
    """Reads the files of a base; runs ahead of the embedding in its own thread."""

    def __init__(self, base: BaseConfig, *, before: Before, tokens: Tokens, pipeline: str) -> None:
        self._base = base
        self._before = before
        self._tokens = tokens
        self._pipeline = pipeline
        self.documents = 0
        """Documents known of so far; a file not yet opened counts as one."""
        self.chunks = 0
        """Chunks made so far."""

    def steps(self, files: Sequence[FoundFile]) -> Iterator[Step]:
        """Yield what is to be done, file by file; a file that cannot be read is a failure."""
        self.documents = len(files)
        for found in files:
            try:
                yield from self._file(found)
            except AccessUnclear as error:
                yield Withdrawn(failure=FileFailure(path=found.source, reason=str(error)))
            except LoadingError as error:
                yield FileFailure(path=found.source, reason=str(error))

    def _file(self, found: FoundFile) -> Iterator[Step]:
        """Read one file; all of it is read before its first document is given out."""
        data = read_bytes(found.path, root=found.root)
        fingerprint = hashlib.sha256(self._pipeline.encode() + b"\0" + data).hexdigest()
        before = self._before.by_file.get(found.source, ())
        intact = not any(entry.source in self._before.lost for entry in before)
        if before and intact and self._before.fingerprints.get(found.source) == fingerprint:
            self.documents += len(before) - 1
            sources = frozenset(entry.source for entry in before)
            yield FileRead(file=found.source, fingerprint=fingerprint, sources=sources, unchanged=len(before))
            return
        documents = load_bytes(data, source=found.source)
        self.documents += len(documents) - 1
        changed = 0
        for document in documents:
            content = content_hash(document)
            if self._is_unchanged(document.source, content):
                continue
            changed += 1
            yield self._ready(document, found.source, content)
        yield FileRead(
            file=found.source,
            fingerprint=fingerprint,
            sources=frozenset(document.source for document in documents),
            unchanged=len(documents) - changed,
        )

    def _ready(self, document: Document, file: str, content: str) -> Ready:
        """Chunk one document."""
        chunks = chunk(
            document,
            knowledge_base=self._base.name,
            pipeline=self._pipeline,
            tokens=self._tokens,
            capacity=self._base.capacity,
            method=self._base.method,
        )
        self.chunks += len(chunks)
        entry = Entry(
            source=document.source,
            file=file,
            content=content,
            pipeline=self._pipeline,
            chunk_ids=tuple(item.id for item in chunks),
        )
        return Ready(entry=entry, chunks=tuple(chunks))

    def _is_unchanged(self, source: str, content: str) -> bool:
        """Tell whether the index holds this very version of a document."""
        old = self._before.entries.get(source)
        if old is None or source in self._before.lost:
            return False
        return (old.content, old.pipeline) == (content, self._pipeline)
