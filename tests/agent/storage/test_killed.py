"""A process that is killed loses nothing that it had acknowledged."""

import asyncio
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from agent.storage.opening import open_storage

REPOSITORY = Path(__file__).parents[3]
BEGINNING = """
import asyncio, sys
from agent.storage.opening import open_storage
from tests.agent.storage.kept import begun

async def ask(storage, number):
    while True:
        run = await begun(storage, owner=f"owner {number}", question=f"question of {number}")
        print(run.id, run.thread_id, number, flush=True)

async def main():
    async with open_storage(sys.argv[1]) as storage:
        await asyncio.gather(*(ask(storage, number) for number in range(20)))

asyncio.run(main())
"""


def acknowledged_until_killed(url: str, seconds: float) -> list[list[str]]:
    """Let a process begin runs, kill it so long after the first, and return what it had acknowledged."""
    command = [sys.executable, "-c", BEGINNING, url]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        return [line.split() for line in (first, *process.stdout) if line.endswith("\n")]


async def test_no_acknowledged_message_is_lost(tmp_path: Path) -> None:
    """Killed at any moment, while many begin: the run, its message and its thread are all there."""
    url, chance = f"sqlite:///{tmp_path / 'conversations.db'}", random.Random()  # noqa: S311  # when it is killed
    acknowledged = [
        line
        for _ in range(3)
        for line in await asyncio.to_thread(acknowledged_until_killed, url, chance.random() * 0.2)
    ]
    async with open_storage(url) as storage:
        unfinished = {run.id: run for run in await storage.runs.unfinished(stale_seconds=0)}
        assert len(acknowledged) >= 3
        for run_id, thread_id, number in acknowledged:
            owner, question = f"owner {number}", f"question of {number}"
            run, thread = unfinished[run_id], await storage.threads.get(thread_id, owner=owner)
            messages = await storage.threads.messages(thread_id, owner=owner, cursor=None, limit=5)
            assert (run.question, run.owner, thread.title) == (question, owner, question)
            assert [(message.run_id, message.content) for message in messages.items] == [(run_id, question)]
