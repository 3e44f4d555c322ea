"""What keeps runs: beside the answering, and in nobody's way."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from agent.settings import Settings
from agent.storage.opening import Storage
from agent.tracing.keeper import open_keeper
from tests.agent.tracing.shop import QUESTIONS, open_shop


class Defective(AbstractAsyncContextManager[Storage]):
    """Storage that opens with an error that nobody thought of."""

    async def __aenter__(self) -> Storage:
        """Fail."""
        raise RuntimeError("no such thing")

    async def __aexit__(self, *_: object) -> None:
        """Close nothing."""


async def test_a_defect_of_the_storage_holds_nobody_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Closing ends although nothing can be stored, and the log says why."""
    async with open_shop(tmp_path) as shop:
        ended = await shop.ended(QUESTIONS[0])
    async with open_keeper(Settings(), Defective) as keeper:
        assert keeper is not None
        keeper.keep(ended)
    assert "no such thing" in caplog.text
