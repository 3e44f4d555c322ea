"""plumbline ingest: bring the knowledge bases in line with their files."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.bootstrap import Library, open_library
from agent.cli.indexing import ingest_all
from agent.cli.options import ConfigOption, JsonOption, console, emit, settings_for
from agent.settings import Settings
from tools.errors import InvalidInput
from tools.types import IngestReport

COUNTS = ("added", "updated", "unchanged", "removed", "chunks")


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
    with open_library(settings) as library:
        if verify:
            return _verify(library, names, as_json=json)
        _exist(paths or [])
        reports = ingest_all(library, names, tuple(path.resolve() for path in paths or []))
        _learn(library)
    if json:
        emit(_summary(reports))
    else:
        _show(reports)
    return 1 if any(report.failed for report in reports) else 0


def _learn(library: Library) -> None:
    """Teach the router now, so that the first question need not wait for it."""
    from agent.learning import router_for

    router_for(library.settings, store=library.store, manifest=library.manifest, embedder=library.embedder)


def _names(settings: Settings, kb: str | None) -> list[str]:
    if kb is not None and kb not in settings.knowledge_bases:
        known = ", ".join(settings.knowledge_bases) or "none"
        raise InvalidInput(f"there is no knowledge base {kb!r}; the configuration has: {known}")
    return [kb] if kb else list(settings.knowledge_bases)


def _exist(paths: list[Path]) -> None:
    for path in paths:
        if not path.exists():
            raise InvalidInput(f"{path}: there is no such file or folder; name one of the configured paths")


def _summary(reports: list[IngestReport]) -> dict[str, Any]:
    bases = {report.knowledge_base: {name: getattr(report, name) for name in COUNTS} for report in reports}
    failed = [
        {"knowledge_base": report.knowledge_base, **asdict(one)}
        for report in reports
        for one in report.failed
    ]
    totals = {name: sum(getattr(report, name) for report in reports) for name in COUNTS}
    seconds = round(sum(report.seconds for report in reports), 3)
    return {**totals, "failed": failed, "seconds": seconds, "knowledge_bases": bases}


def _show(reports: list[IngestReport]) -> None:
    screen = console()
    for report in reports:
        counts = ", ".join(f"{getattr(report, name)} {name}" for name in COUNTS)
        screen.print(f"{report.knowledge_base}: {counts} in {report.seconds:.1f} s")
        for failure in report.failed:
            screen.print(f"  failed: {failure.path}: {failure.reason}", markup=False)


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
