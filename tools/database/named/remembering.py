"""Vectors kept on disk, so that a start need not compute again what has not changed.

The file holds numbers and a fingerprint, never code. It is a shortcut only: one that is missing, damaged,
or made from other texts or by another embedder is made anew.
"""

import hashlib
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy

from tools.ports import Embedder, Matrix

_UNREADABLE = (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile)
"""What numpy raises for files that are no archive of plain arrays, or a broken one."""


def remembered(texts: Sequence[str], *, embedder: Embedder, file: Path) -> Matrix:
    """Return one unit vector a text, from the file if it holds those of the same texts and embedder.

    Args:
        texts: At least one.
        embedder: Computes what the file does not hold.
        file: Ends in `.npz`; its folder must exist.
    """
    fingerprint = _fingerprint(texts, embedder)
    vectors = _read(file, fingerprint)
    if vectors is None or vectors.shape != (len(texts), embedder.dimension):
        vectors = embedder.embed(texts)
        _write(file, fingerprint, vectors)
    return vectors


def _fingerprint(texts: Sequence[str], embedder: Embedder) -> str:
    digest = hashlib.sha256()
    for text in (embedder.name, *texts):
        encoded = text.encode("utf-8", "surrogatepass")
        digest.update(b"%d:%b" % (len(encoded), encoded))
    return digest.hexdigest()


def _read(file: Path, fingerprint: str) -> Matrix | None:
    try:
        with file.open("rb") as stream, numpy.load(stream, allow_pickle=False) as arrays:
            if str(arrays["fingerprint"]) != fingerprint:
                return None
            return numpy.asarray(arrays["vectors"], dtype=numpy.float32)
    except _UNREADABLE:
        return None  # embedding anew is the remedy


def _write(file: Path, fingerprint: str, vectors: Matrix) -> None:
    unfinished = file.with_suffix(".npz.part")
    with suppress(OSError):  # a folder that takes no file costs time at each start and nothing else
        with unfinished.open("wb") as stream:
            numpy.savez(stream, fingerprint=numpy.array(fingerprint), vectors=vectors)
        unfinished.replace(file)
