"""What happened at an endpoint, readable from any thread."""

from collections.abc import Callable, Mapping
from threading import Condition
from typing import Any

from tests.endpoint.replies import Request


class Journal:
    """Records requests, replies in progress, clients that went away and failures of the script."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.in_progress = 0
        self.most_in_progress = 0
        self.disconnected = 0
        self.failures: list[BaseException] = []
        self.changed = Condition()

    def note(self, *, method: str, path: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> Request:
        """Write a request down and number it."""
        with self.changed:
            request = Request(
                number=len(self.requests) + 1, method=method, path=path, headers=headers, body=body
            )
            self.requests.append(request)
            self.changed.notify_all()
        return request

    def began(self) -> None:
        """Note that a reply is in progress."""
        with self.changed:
            self.in_progress += 1
            self.most_in_progress = max(self.most_in_progress, self.in_progress)
            self.changed.notify_all()

    def ended(self, *, disconnected: bool = False, failure: BaseException | None = None) -> None:
        """Note that a reply ended: by itself, because its client went away, or by a failure of the script."""
        with self.changed:
            self.in_progress -= 1
            self.disconnected += disconnected
            if failure is not None:
                self.failures.append(failure)
            self.changed.notify_all()

    def wait_until(self, condition: Callable[[], bool], *, seconds: float) -> bool:
        """Block until the condition holds; tell whether it does."""
        with self.changed:
            return self.changed.wait_for(condition, timeout=seconds)
