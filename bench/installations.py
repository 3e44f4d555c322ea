"""Installations to measure: each in a folder of its own, made the way a user makes one."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.bootstrap import Library, open_library
from agent.demo.workspace import configuration, prepare
from agent.settings import Settings, load


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder and remove it afterwards."""
    with TemporaryDirectory(prefix="plumbline-bench-") as folder:
        yield Path(folder)


def with_documents(folder: Path, documents: Path, *, language: str = "english") -> Path:
    """Set up one knowledge base named `documents` over a copy of a file, and return its configuration."""
    shutil.copyfile(documents, folder / documents.name)
    lines = ("[knowledge_bases.documents]", *_keys(paths=[documents.name], language=language))
    file = folder / "plumbline.toml"
    file.write_text("\n".join((*lines, "")), encoding="utf-8")
    return file


def with_sample(folder: Path) -> Path:
    """Set up a copy of the built-in sample with its database, and return its configuration.

    The copy leaves the sample's own data alone, which another process may hold.
    """
    original = configuration()
    shutil.copytree(
        original.parent,
        folder,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns(".*", "*.py", "__pycache__"),
    )
    file = folder / original.name
    prepare(load(file))
    return file


def with_model(settings: Settings, address: str) -> Settings:
    """Return the same in the language-model mode, with an endpoint that needs no key."""
    models = settings.models.model_copy(update={"base_url": address, "api_key": None})
    assistant = settings.assistant.model_copy(update={"mode": "llm"})
    return settings.model_copy(update={"models": models, "assistant": assistant})


@contextmanager
def ingested(file: Path) -> Iterator[Library]:
    """Open the library of an installation with everything ingested."""
    with open_library(load(file)) as library:
        for name in library.settings.knowledge_bases:
            library.ingest(name)
        yield library


def _keys(**values: object) -> list[str]:
    """Write TOML keys; JSON strings and arrays of them are TOML too."""
    return [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
