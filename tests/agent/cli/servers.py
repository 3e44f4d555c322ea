"""Runs `plumbline serve` in a process of its own."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.agent.cli.command import environment_of_a_child


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that listens."""

    url: str
    pid: int
    configuration: Path
    process: subprocess.Popen[bytes]

    def ended(self) -> tuple[int, str]:
        """End it as a service manager does; return its exit code and what it wrote on standard error."""
        self.process.send_signal(signal.SIGTERM)
        _, err = self.process.communicate(timeout=30)
        return self.process.returncode, err.decode()


@contextmanager
def running(configuration: Path, *arguments: str) -> Iterator[Running]:
    """Start a server on a free port, and end it."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "agent", "serve", "--port", "0", "--json", *arguments),
            *("--config", str(configuration)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment_of_a_child({}),
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1].decode()
        told = json.loads(line)
        assert told.keys() == {"url", "pid"}
        yield Running(url=told["url"], pid=told["pid"], configuration=configuration, process=process)
    finally:
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=30)
