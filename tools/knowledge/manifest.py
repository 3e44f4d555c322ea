"""What was ingested: files, documents and chunk ids of every base, in one SQLite file."""

import fcntl
import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tools.errors import ConfigurationError, TransientError
from tools.private import make_file, make_folder

PIPELINE = 3
"""Raised when loading, chunking or indexing changes, so that everything is ingested again."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    base TEXT NOT NULL, file TEXT NOT NULL, fingerprint TEXT NOT NULL, PRIMARY KEY (base, file)
);
CREATE TABLE IF NOT EXISTS documents (
    base TEXT NOT NULL, source TEXT NOT NULL, file TEXT NOT NULL, content TEXT NOT NULL,
    pipeline TEXT NOT NULL, chunk_ids TEXT NOT NULL, chunk_hash TEXT NOT NULL, ingested_at TEXT NOT NULL,
    PRIMARY KEY (base, source)
);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One ingested document."""

    source: str
    file: str
    """Source of the file it came from; several documents may share one."""
    content: str
    """Hash of text and metadata."""
    pipeline: str
    """Version and settings of what made its chunks; begins with `PIPELINE`."""
    chunk_ids: tuple[str, ...]

    @property
    def current(self) -> bool:
        """Tell whether this version of Plumbline can read its chunks."""
        return self.pipeline.startswith(f"{PIPELINE}/")


class Manifest:
    """Remembers what is in the store; safe to share between threads."""

    def __init__(self, file: Path) -> None:
        """Open the manifest, or make it."""
        self._file = file
        self._lock = threading.RLock()
        with _errors(file):
            make_folder(file.parent)
            make_file(file)
            self._connection = sqlite3.connect(file, timeout=10, check_same_thread=False)
            try:
                self._connection.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; {SCHEMA}")
            except sqlite3.Error:
                self._connection.close()
                raise

    def entries(self, base: str) -> dict[str, Entry]:
        """Return the documents of a base by source."""
        rows = self._rows(
            "SELECT source, file, content, pipeline, chunk_ids, chunk_hash FROM documents WHERE base = ?",
            base,
        )
        found = {}
        for source, file, content, pipeline, chunk_ids, chunk_hash in rows:
            if _hash(chunk_ids) != chunk_hash:
                raise ConfigurationError(
                    f"manifest {str(self._file)!r} is damaged at {source!r}; delete it and ingest again"
                )
            found[source] = Entry(
                source=source,
                file=file,
                content=content,
                pipeline=pipeline,
                chunk_ids=tuple(json.loads(chunk_ids)),
            )
        return found

    def files(self, base: str) -> dict[str, str]:
        """Return the fingerprints of the completely ingested files of a base."""
        rows = self._rows("SELECT file, fingerprint FROM files WHERE base = ?", base)
        return {row[0]: row[1] for row in rows}

    def record(self, base: str, entries: Sequence[Entry]) -> None:
        """Remember documents whose chunks are in the store."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        statements = []
        for entry in entries:
            ids = json.dumps(entry.chunk_ids)
            values = (base, entry.source, entry.file, entry.content, entry.pipeline, ids, _hash(ids), now)
            statements.append(("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values))
        self._write(statements)

    def finish_file(self, base: str, file: str, fingerprint: str) -> None:
        """Remember that everything in a file is ingested."""
        self._write([("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", (base, file, fingerprint))])

    def forget(self, base: str, sources: Sequence[str]) -> None:
        """Forget documents, and that their files were complete."""
        statements = []
        for source in sources:
            statements += [
                (
                    "DELETE FROM files WHERE base = ? AND file IN "
                    "(SELECT file FROM documents WHERE base = ? AND source = ?)",
                    (base, base, source),
                ),
                ("DELETE FROM documents WHERE base = ? AND source = ?", (base, source)),
            ]
        self._write(statements)

    @contextmanager
    def exclusive(self, base: str) -> Iterator[None]:
        """Hold a base for one ingest run; a second one at the same time is refused."""
        path = self._file.with_name(f"{self._file.name}.lock")
        with _errors(self._file):
            lock = path.open("a")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise TransientError(f"{base}: another ingest is running; wait for it to end") from error
            yield

    def close(self) -> None:
        """Let go; calling it twice is harmless."""
        with self._lock:
            self._connection.close()

    def _rows(self, statement: str, base: str) -> list[tuple[str, ...]]:
        with self._lock, _errors(self._file), closing(self._connection.execute(statement, (base,))) as cursor:
            return cursor.fetchall()

    def _write(self, statements: Sequence[tuple[str, tuple[str, ...]]]) -> None:
        """Run the statements in one transaction."""
        with self._lock, _errors(self._file), self._connection:
            for statement, values in statements:
                self._connection.execute(statement, values)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def _errors(file: Path) -> Iterator[None]:
    """Map SQLite's errors."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise TransientError(
            f"manifest {str(file)!r}: {error}; see that no other ingest runs and the folder is writable"
        ) from error
    except (sqlite3.Error, OSError) as error:
        raise ConfigurationError(f"manifest {str(file)!r}: {error}; delete it and ingest again") from error
