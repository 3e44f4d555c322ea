"""What holds for the whole suite."""

import os
from collections.abc import Iterator

import pytest

from agent.settings import PREFIX


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_the_developer() -> Iterator[None]:
    """Forget what the environment would configure: keys and endpoints of models, and our own settings."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [*os.environ]:  # noqa: TID251  # what is forgotten has to be found first
            setting = name.upper()
            if setting.startswith("OPENAI_") or (setting.startswith(PREFIX) and "__" in setting):
                patch.delenv(name)
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let CI try the HTTP API with more requests than every run does."""
    parser.addoption("--api-cases", type=int, default=500, help="requests made up from the OpenAPI")
