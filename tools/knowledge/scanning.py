"""The files of a knowledge base, and whether the list is complete."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.knowledge.loading import source_of
from tools.types import FileFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """One file of a base."""

    path: Path
    root: Path
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What was found; only a complete scan proves that a file is gone."""

    files: tuple[FoundFile, ...]
    failures: tuple[FileFailure, ...]
    complete: bool


def scan(paths: Sequence[Path], *, only: Sequence[Path] = ()) -> Scan:
    """List the files in some folders, and files named one by one, in order of source.

    Names that start with a dot are skipped; links to folders are not followed. Two files of one source are a
    failure of the second.

    Args:
        paths: Folders, whose files are named relative to them, and single files.
        only: Keep the files at or below these paths; such a scan is never complete.
    """
    failures: list[FileFailure] = []
    roots = [path for path in paths if path.is_dir()]
    found: dict[str, FoundFile] = {}
    for path in paths:
        for file, root in _files(path, roots, failures):
            source = source_of(file, root=root)
            known = found.setdefault(source, FoundFile(path=file, root=root, source=source))
            if known.path.absolute() != file.absolute() and not _same(known.path, file):
                reason = f"{source!r} is also the name of {known.path}; rename one of them"
                failures.append(FileFailure(path=str(file), reason=reason))
    chosen = [found[source] for source in sorted(found)]
    complete = not failures and bool(paths) and not only
    if only:
        chosen = [item for item in chosen if any(_is_below(item.path, path) for path in only)]
        failures += [
            FileFailure(path=str(path), reason="it is not a file of this knowledge base; check the path")
            for path in only
            if not any(_is_below(item.path, path) for item in chosen)
        ]
    return Scan(files=tuple(chosen), failures=tuple(failures), complete=complete)


def _files(path: Path, roots: Sequence[Path], failures: list[FileFailure]) -> list[tuple[Path, Path]]:
    """List the files at or below a path with the folder each is named relative to."""
    if path.is_file():
        inside = (root for root in roots if path.absolute().is_relative_to(root.absolute()))
        return [(path, next(inside, path.parent))]
    if not path.is_dir():
        failures.append(FileFailure(path=str(path), reason="there is no such file or folder; check the path"))
        return []

    def note(error: OSError) -> None:
        reason = f"the folder cannot be read: {error.strerror}; check its permissions"
        failures.append(FileFailure(path=str(error.filename or path), reason=reason))

    found = []
    for folder, folders, names in os.walk(path, onerror=note):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [(Path(folder, name), path) for name in sorted(names) if not name.startswith(".")]
    return found


def _same(one: Path, other: Path) -> bool:
    """Tell whether two paths name one file."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def _is_below(file: Path, path: Path) -> bool:
    """Tell whether a file is at or below a path."""
    return file.absolute().is_relative_to(path.absolute()) or file.resolve().is_relative_to(path.resolve())
