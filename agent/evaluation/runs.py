"""A measured run on disk: one configuration over one dataset, a line a case, so that it can be resumed."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from agent.evaluation.measured import Kept, Measured
from agent.evaluation.statistics import Decision, Interval
from tools.errors import InvalidInput
from tools.private import make_folder

INFO, CASES, LADDER = "run.json", "cases.jsonl", "ladder.json"


class RunInfo(Kept):
    """What was measured."""

    name: str
    """Of the configuration: a rung's name, `full`, or what the user calls it."""
    dataset: str
    mode: str
    configuration: str
    """Digest of the settings that answers depend on."""
    questions: str
    """Digest of the cases."""
    started: str
    """ISO time."""
    switches: Mapping[str, str | int | float | bool | None] = {}
    """Settings that differ from the user's, by dotted key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run with all its cases."""

    info: RunInfo
    measured: Sequence[Measured]
    folder: Path | None = None

    @property
    def correct(self) -> Mapping[str, float]:
        """1 for every right case and 0 for the others, by id."""
        return {one.case.id: float(one.correct) for one in self.measured}


class RungResult(Kept):
    """One rung as it was measured."""

    name: str
    description: str
    run: str
    """Folder of its run, inside the ladder's."""
    accuracy: Interval
    difference: Interval | None
    """To what it was compared with; None for the baseline."""
    compared_with: str | None
    """Name of that rung."""
    verdict: Decision | None
    seconds: float
    reindexed: bool
    note: str = ""


class Ladder(Kept):
    """A ladder as it was climbed."""

    dataset: str
    mode: str
    started: str
    climbed: Sequence[RungResult]
    """Baseline first; each on top of what was kept."""
    full: RungResult
    """The configuration as it is."""
    dropped: Sequence[RungResult] = ()
    """The full configuration without each rung alone: what that rung is worth in the end."""


@dataclass(slots=True)
class Journal:
    """Writes a run down case by case, and knows which are there already."""

    folder: Path
    info: RunInfo
    done: dict[str, Measured] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, info: RunInfo) -> "Journal":
        """Take up a run of the same configuration over the same cases, or begin it anew."""
        make_folder(folder)
        before = _info(folder) if (folder / INFO).exists() else None
        same = before is not None and (before.configuration, before.questions) == (
            info.configuration,
            info.questions,
        )
        if not same:
            (folder / CASES).unlink(missing_ok=True)
            (folder / INFO).write_text(info.model_dump_json(indent=1), encoding="utf-8")
        done = {one.case.id: one for one in _cases(folder, torn=True)} if same else {}
        if same:
            text = "".join(f"{one.model_dump_json()}\n" for one in done.values())
            (folder / CASES).write_text(text, encoding="utf-8")
        return cls(folder=folder, info=info, done=done)

    def write(self, measured: Measured) -> None:
        """Add one case."""
        with (self.folder / CASES).open("a", encoding="utf-8") as file:
            file.write(f"{measured.model_dump_json()}\n")
        self.done[measured.case.id] = measured

    def run(self, order: Sequence[str]) -> Run:
        """Return the run, its cases in the dataset's order."""
        measured = [self.done[name] for name in order if name in self.done]
        return Run(info=self.info, measured=measured, folder=self.folder)


def checked_name(name: str) -> str:
    """Return the name of a run or ladder.

    Raises:
        InvalidInput: It cannot be one, as it names a folder.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
        raise InvalidInput(f"{name[:80]!r} cannot name a run; use 1 to 64 letters, digits, - and _")
    return name


def read_run(folder: Path) -> Run:
    """Read a run.

    Raises:
        InvalidInput: There is none, or it is of another version.
    """
    if not (folder / INFO).exists():
        raise InvalidInput(f"{folder}: holds no run; name a folder that plumbline eval run or ladder wrote")
    return Run(info=_info(folder), measured=_cases(folder), folder=folder)


def read_ladder(folder: Path) -> Ladder:
    """Read a ladder.

    Raises:
        InvalidInput: There is none, or it is of another version.
    """
    try:
        return Ladder.model_validate_json((folder / LADDER).read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise InvalidInput(f"{folder}: holds no ladder of this version; run plumbline eval ladder") from error


def _info(folder: Path) -> RunInfo:
    try:
        return RunInfo.model_validate_json((folder / INFO).read_text(encoding="utf-8"))
    except ValidationError as error:
        raise InvalidInput(f"{folder / INFO}: is of another version; measure again") from error


def _cases(folder: Path, *, torn: bool = False) -> list[Measured]:
    """Read the cases; a last line that was cut off is left out where the run is taken up."""
    if not (folder / CASES).exists():
        return []
    lines = (folder / CASES).read_text(encoding="utf-8").split("\n")
    measured = []
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            measured.append(Measured.model_validate(json.loads(line)))
        except (ValueError, ValidationError) as error:
            if torn and number >= len(lines) - 1:
                break
            raise InvalidInput(f"{folder / CASES}: line {number} is damaged; measure again") from error
    return measured
