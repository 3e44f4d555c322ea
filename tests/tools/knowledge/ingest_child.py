"""Ingest a folder and end the process by SIGKILL at a chosen step; started by `test_ingest.py`."""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.fakes import FakeEmbedder
from tools.knowledge.ingest import ingest
from tools.knowledge.manifest import Manifest
from tools.knowledge.reading import BaseConfig
from tools.knowledge.store_edge import EdgeStore


class Deadly:
    """Passes calls on and kills the process around the n-th call of one method."""

    def __init__(self, target: object, method: str, moment: str, nth: int) -> None:
        self._target = target
        self._method = method
        self._moment = moment
        self._left = nth

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 whatever the target has
        value = getattr(self._target, name)
        if name != self._method:
            return value

        def call(*arguments: object, **options: object) -> object:
            self._left -= 1
            if self._left == 0 and self._moment == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            result = value(*arguments, **options)
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return call


def main(arguments: Sequence[str]) -> None:
    """Run: folder, store | manifest, method, before | after, n."""
    folder, target, method, moment, nth = arguments
    embedder = FakeEmbedder()
    store: Any = EdgeStore.open(
        Path(folder, "store"), embedder_name="fake", dimension=64, languages={"manuals": "english"}
    )
    manifest: Any = Manifest(Path(folder, "manifest.db"))
    if target == "store":
        store = Deadly(store, method, moment, int(nth))
    else:
        manifest = Deadly(manifest, method, moment, int(nth))
    base = BaseConfig(name="manuals", paths=(Path(folder, "docs"),))
    ingest(base, store=store, embedder=embedder, manifest=manifest)


if __name__ == "__main__":
    main(sys.argv[1:])
