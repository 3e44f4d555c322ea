"""Copies of installations, whose stores are mostly holes."""

import os
import shutil
from pathlib import Path

_BLOCK = b"\0" * 65536


def copy_installation(folder: Path, target: Path) -> None:
    """Copy a folder; what holds but zeros takes no room."""
    shutil.copytree(folder, target, copy_function=_copy_with_holes)


def _copy_with_holes(source: str, target: str) -> None:
    with Path(source).open("rb") as given, Path(target).open("wb") as taken:
        while block := given.read(len(_BLOCK)):
            if block == _BLOCK:
                taken.seek(len(block), os.SEEK_CUR)
            else:
                taken.write(block)
        taken.truncate(given.tell())
    shutil.copystat(source, target)
