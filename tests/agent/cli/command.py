"""Runs the plumbline command the way a shell does, in this process or in one of its own."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import agent.__main__

REPOSITORY = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401  # JSON is what it is
        """Return the one JSON object of standard output."""
        lines = self.out.splitlines()
        assert len(lines) == 1, self.out
        return json.loads(lines[0])

    @property
    def lines(self) -> list[Any]:
        """Return the JSON objects of standard output, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def complaint(self) -> str:
        """Return the one line of standard error, without the program's name."""
        assert "Traceback" not in self.err, self.err
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("plumbline: "), self.err
        assert "defect in plumbline" not in lines[0], self.err
        return lines[0].removeprefix("plumbline: ")


def plumbline(*arguments: str | Path, stdin: bytes | str = b"") -> Finished:
    """Run the command in this process, from its outermost edge."""
    given = stdin.encode() if isinstance(stdin, str) else stdin
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["plumbline", *map(str, arguments)])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8"))
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        try:
            agent.__main__.main()
            code: object = 0
        except SystemExit as ending:
            code = ending.code
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())
    return Finished(code=int(str(code)), out=texts[0], err=texts[1])


def plumbline_process(
    *arguments: str | Path,
    stdin: bytes = b"",
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Finished:
    """Run the real command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "agent", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
        cwd=folder,
        env=environment_of_a_child(environment or {}),
    )
    return Finished(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


@contextmanager
def held_open(configuration: Path) -> Iterator[None]:
    """Let another process hold the store of an installation."""
    waiting = (
        "import sys\n"
        "from pathlib import Path\n"
        "from agent.bootstrap import open_library\n"
        "from agent.settings import load\n"
        "with open_library(load(Path(sys.argv[1]))):\n"
        "    print('open', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", waiting, str(configuration)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment_of_a_child({}),
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        yield
    finally:
        process.communicate(timeout=30)


def environment_of_a_child(more: Mapping[str, str]) -> dict[str, str]:
    """Let the package be found from every folder, whether it is installed or not."""
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), "COLUMNS": "200", **more}  # noqa: TID251  # a child needs it all
