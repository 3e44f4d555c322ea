"""Copies of installations, whose stores are mostly holes."""

import os
import shutil
from pathlib import Path

_BLOCK = b"\0" * 65536


def copy_installation(folder: Path, target: Path, *, asked: bool = False) -> None:
    """Copy a folder, what was asked there only if it is wanted; what holds but zeros takes no room."""
    left_out = shutil.ignore_patterns(*([] if asked else ["conversations.db*"]))
    shutil.copytree(folder, target, ignore=left_out, copy_function=_copy_with_holes)


def _copy_with_holes(source: str, target: str) -> None:
    with Path(source).open("rb") as given, Path(target).open("wb") as taken:
        while block := given.read(len(_BLOCK)):
            if block == _BLOCK:
                taken.seek(len(block), os.SEEK_CUR)
            else:
                taken.write(block)
        taken.truncate(given.tell())
    shutil.copystat(source, target)
