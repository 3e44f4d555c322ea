"""Documents into a store, incrementally and so that a killed run can simply be run again.

Each document goes the same way: its new chunks are written to the store, then the manifest says so, then its
old chunks are deleted. A run that ends in between leaves chunks the manifest does not know; the next run
deletes them. Ids follow from content, so writing again what was written changes nothing.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tools.knowledge.manifest import PIPELINE, Entry, Manifest
from tools.knowledge.reading import BaseConfig, Before, FileRead, Reader, Ready, Step, Withdrawn
from tools.knowledge.scanning import Scan, scan
from tools.knowledge.tokens import BundledTokens, Tokens
from tools.ports import Embedder, Store
from tools.types import FileFailure, IngestReport

WINDOW = 512
"""Chunks embedded and written together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is; the totals grow while files are opened."""

    documents: int
    total_documents: int
    chunks: int
    total_chunks: int


def ingest(
    base: BaseConfig,
    *,
    store: Store,
    embedder: Embedder,
    manifest: Manifest,
    tokens: Tokens | None = None,
    only: Sequence[Path] = (),
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> IngestReport:
    """Bring one base's part of the store in line with its files.

    A document is removed only when a complete scan shows that it is gone. A file that cannot be read is a
    failure of the report and keeps the version that was ingested last; unless it says that not everybody may
    read it and not who may: then nothing of it stays.

    Args:
        base: Which files, and how they are cut.
        store: Gets the chunks.
        embedder: Makes their vectors.
        manifest: Remembers what the store holds.
        tokens: Measures text; the bundled tokenizer by default.
        only: Read only the files at or below these paths and remove nothing else.
        on_progress: Called after each window of about 512 chunks.

    Raises:
        TransientError: The store or the manifest failed, or another run is writing; run again later.
    """
    started = time.monotonic()
    with manifest.exclusive(base.name):
        found = scan(base.paths, only=only)
        before = _before(base, store, manifest)
        method = "" if base.method == "structure" else f"/{base.method}"
        pipeline = f"{PIPELINE}/{embedder.name}/{base.capacity}/{base.language}{method}"
        reader = Reader(base, before=before, tokens=tokens or BundledTokens(), pipeline=pipeline)
        writer = _Writer(base=base, store=store, embedder=embedder, manifest=manifest, before=before)
        _write_all(found, reader, writer, on_progress)
        if found.complete:
            writer.remove_missing(found)
        writer.remove_unknown(complete=found.complete)
        return writer.report(found, seconds=time.monotonic() - started)


def _write_all(
    found: Scan, reader: Reader, writer: "_Writer", on_progress: Callable[[Progress], None]
) -> None:
    """Embed and write window by window while a thread reads the next one."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="ingest-reader") as thread:
        windows = _windows(reader.steps(found.files))
        upcoming = thread.submit(next, windows, None)
        while (window := upcoming.result()) is not None:
            upcoming = thread.submit(next, windows, None)
            writer.write(window)
            on_progress(
                Progress(
                    documents=writer.documents,
                    total_documents=max(reader.documents, writer.documents),
                    chunks=writer.chunks,
                    total_chunks=reader.chunks,
                )
            )


def verify(base: str, *, store: Store, manifest: Manifest) -> list[str]:
    """Compare the store with the manifest; an empty list means that they agree.

    Each finding says what is wrong and what to do, in one line.
    """
    stored = store.ids(base)
    findings, expected = [], set[str]()
    for entry in manifest.entries(base).values():
        missing = set(entry.chunk_ids) - stored
        if missing:
            share = f"{len(missing)} of {len(entry.chunk_ids)}"
            findings.append(f"{base}: {entry.source}: {share} chunks are missing; ingest again")
        expected.update(entry.chunk_ids)
    if orphans := stored - expected:
        findings.append(f"{base}: {len(orphans)} chunks belong to no ingested document; ingest again")
    if not stored and not expected:
        findings.append(f"{base}: nothing is ingested; run ingest")
    return findings


def _before(base: BaseConfig, store: Store, manifest: Manifest) -> Before:
    """Take stock of the index."""
    entries = manifest.entries(base.name)
    stored = store.ids(base.name)
    by_file: dict[str, list[Entry]] = {}
    for entry in entries.values():
        by_file.setdefault(entry.file, []).append(entry)
    return Before(
        entries=entries,
        by_file=by_file,
        fingerprints=manifest.files(base.name),
        lost=frozenset(entry.source for entry in entries.values() if not stored.issuperset(entry.chunk_ids)),
    )


def _windows(steps: Iterator[Step]) -> Iterator[list[Step]]:
    """Group steps until they hold a window of chunks; a document is never divided."""
    window: list[Step] = []
    size = 0
    for step in steps:
        window.append(step)
        size += len(step.chunks) if isinstance(step, Ready) else 0
        if size >= WINDOW:
            yield window
            window, size = [], 0
    if window:
        yield window


@dataclass(slots=True, kw_only=True)
class _Writer:
    """Writes windows to store and manifest and counts what it did."""

    base: BaseConfig
    store: Store
    embedder: Embedder
    manifest: Manifest
    before: Before
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    chunks: int = 0
    withdrawn: int = 0
    failures: list[FileFailure] = field(default_factory=list)

    @property
    def documents(self) -> int:
        """Documents dealt with; a failed file counts as one."""
        return self.added + self.updated + self.unchanged + len(self.failures)

    def write(self, window: Sequence[Step]) -> None:
        """Write chunks, then the manifest, then delete what they replace."""
        ready = [step for step in window if isinstance(step, Ready)]
        chunks = [item for step in ready for item in step.chunks]
        if chunks:
            vectors = self.embedder.embed([item.embedding_text for item in chunks])
            self.store.upsert(chunks, vectors)
            self.manifest.record(self.base.name, [step.entry for step in ready])
            self._delete_replaced(ready)
        self.chunks += len(chunks)
        for step in window:
            if isinstance(step, FileRead):
                self._finish(step)
            elif isinstance(step, FileFailure):
                self.failures.append(step)
            elif isinstance(step, Withdrawn):
                self._withdraw(step)

    def remove_missing(self, found: Scan) -> None:
        """Remove the documents of files that are gone."""
        present = {item.source for item in found.files}
        self._remove([entry for entry in self.before.entries.values() if entry.file not in present])

    def remove_unknown(self, *, complete: bool) -> None:
        """Delete chunks the manifest does not know, which a killed run left behind.

        A manifest that was empty may have been lost while the store was not. Then they stay unless every file
        was found and read, because they may be the last version of one that was not. Where a file was
        withdrawn they go in any case, because they may be its last version.
        """
        if not (self.before.entries or self.withdrawn) and (self.failures or not complete):
            return
        entries = self.manifest.entries(self.base.name).values()
        unknown = self.store.ids(self.base.name).difference(*(entry.chunk_ids for entry in entries))
        if unknown:
            self.store.delete(sorted(unknown))

    def report(self, found: Scan, *, seconds: float) -> IngestReport:
        """Sum up."""
        return IngestReport(
            knowledge_base=self.base.name,
            added=self.added,
            updated=self.updated,
            unchanged=self.unchanged,
            removed=self.removed,
            chunks=self.chunks,
            failed=(*found.failures, *self.failures),
            seconds=seconds,
        )

    def _delete_replaced(self, ready: Sequence[Ready]) -> None:
        """Delete the chunks of older versions, and count documents."""
        replaced: set[str] = set()
        for step in ready:
            old = self.before.entries.get(step.entry.source)
            self.added += old is None
            self.updated += old is not None
            if old is not None:
                replaced |= set(old.chunk_ids) - set(step.entry.chunk_ids)
        if replaced:
            self.store.delete(sorted(replaced))

    def _finish(self, step: FileRead) -> None:
        """Remove documents that left a file, then note that the file is complete."""
        self.unchanged += step.unchanged
        before = self.before.by_file.get(step.file, ())
        self._remove([entry for entry in before if entry.source not in step.sources])
        if self.before.fingerprints.get(step.file) != step.fingerprint:
            self.manifest.finish_file(self.base.name, step.file, step.fingerprint)

    def _withdraw(self, step: Withdrawn) -> None:
        """Remove all that is known of a file."""
        self.failures.append(step.failure)
        self.withdrawn += 1
        self._remove(self.before.by_file.get(step.failure.path, ()))

    def _remove(self, entries: Sequence[Entry]) -> None:
        """Forget documents, then delete their chunks."""
        if entries:
            self.manifest.forget(self.base.name, [entry.source for entry in entries])
            self.store.delete([identifier for entry in entries for identifier in entry.chunk_ids])
            self.removed += len(entries)
