"""plumbline ingest: bring the knowledge bases in line with their files."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.bootstrap import Library
from agent.cli.indexing import ingest_all, library_of, progress_shown
from agent.cli.options import ConfigOption, JsonOption, console, emit, settings_for
from agent.ingestion import reports_as_json
from agent.running_server import running_server
from agent.settings import Settings
from tools.errors import InvalidInput


def ingest(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Read only these files or folders of the configured paths.")
    ] = None,
    kb: Annotated[str | None, typer.Option("--kb", help="Ingest only this knowledge base.")] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Recount the store against the manifest.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Read new and changed documents, and forget those that are gone.

    Unchanged documents cost nothing, an interrupted run is simply run again, and every file that cannot be
    read is named with the reason. Exit code 1 when files failed or --verify found a difference.
    """
    settings = settings_for(config)
    names = _names(settings, kb)
    if verify:
        with library_of(settings) as library:
            return _verify(library, names, as_json=json)
    _exist(paths or [])
    report = asyncio.run(_ingest(settings, kb, [path.resolve() for path in paths or []]))
    if json:
        emit(report)
    else:
        _show(report)
    return 1 if report["failed"] else 0


async def _ingest(settings: Settings, kb: str | None, only: list[Path]) -> dict[str, Any]:
    """Have the server of this installation do it when one runs, else do it here."""
    async with running_server(settings.folder) as server:
        if server is not None:
            with progress_shown() as show:
                return await server.ingest(kb, only, on_progress=show)
    with library_of(settings) as library:
        reports = ingest_all(library, _names(settings, kb), tuple(only))
        _learn(library)
    return reports_as_json(reports)


def _learn(library: Library) -> None:
    """Teach the router now, so that the first question need not wait for it."""
    from agent.learning import routers_for

    routers_for(library.settings, store=library.store, manifest=library.manifest, embedder=library.embedder)


def _names(settings: Settings, kb: str | None) -> list[str]:
    if kb is not None and kb not in settings.knowledge_bases:
        known = ", ".join(settings.knowledge_bases) or "none"
        raise InvalidInput(f"there is no knowledge base {kb!r}; the configuration has: {known}")
    return [kb] if kb else list(settings.knowledge_bases)


def _exist(paths: list[Path]) -> None:
    for path in paths:
        if not path.exists():
            raise InvalidInput(f"{path}: there is no such file or folder; name one of the configured paths")


def _show(report: dict[str, Any]) -> None:
    screen = console()
    for name, counted in report["knowledge_bases"].items():
        counts = ", ".join(f"{number} {what}" for what, number in counted.items() if what != "seconds")
        screen.print(f"{name}: {counts} in {counted['seconds']:.1f} s")
        for failure in report["failed"]:
            if failure["knowledge_base"] == name:
                screen.print(f"  failed: {failure['path']}: {failure['reason']}", markup=False)


def _verify(library: Library, names: list[str], *, as_json: bool) -> int:
    findings = {name: library.verify(name) for name in names}
    good = not any(findings.values())
    if as_json:
        emit({"consistent": good, "findings": findings})
    else:
        screen = console()
        for name, found in findings.items():
            screen.print(f"{name}: {'store and manifest agree' if not found else 'differences'}")
            for line in found:
                screen.print(f"  {line}", markup=False)
    return 0 if good else 1
