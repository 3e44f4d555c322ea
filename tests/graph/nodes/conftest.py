"""What every node test needs: a runtime that hands over the fakes."""

from collections.abc import Callable

import pytest
from langgraph.runtime import Runtime

from graph.deps import Deps

Runner = Callable[[Deps], Runtime[Deps]]


@pytest.fixture
def streamed() -> list[object]:
    """Collect what a node streams."""
    return []


@pytest.fixture
def runtime(streamed: list[object]) -> Runner:
    """Return a way to make the runtime of a node."""

    def make(deps: Deps) -> Runtime[Deps]:
        return Runtime(context=deps, stream_writer=streamed.append)

    return make
