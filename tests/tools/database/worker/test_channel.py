"""Frames over pipes: whole or not at all, and never longer waited for than allowed."""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.database.worker.channel import Broken, Channel, Overdue, read_frame, write_frame

SOON, LATER = 0.02, 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipes:
    """Both ends of a channel."""

    channel: Channel
    child_in: int
    child_out: int


def open_pipes(most_bytes: int = 1_000_000) -> Pipes:
    """Open two pipes as a child would have them."""
    (child_in, into), (out_of, child_out) = os.pipe(), os.pipe()
    os.set_blocking(into, False)
    os.set_blocking(out_of, False)
    return Pipes(
        channel=Channel(into=into, out_of=out_of, most_bytes=most_bytes),
        child_in=child_in,
        child_out=child_out,
    )


def close_pipes(pipes: Pipes) -> None:
    """Close what the test has left open."""
    for descriptor in (pipes.channel.into, pipes.channel.out_of, pipes.child_in, pipes.child_out):
        try:
            os.close(descriptor)
        except OSError:
            continue


@pytest.fixture
def pipes() -> Iterator[Pipes]:
    """Open pipes for a test."""
    opened = open_pipes()
    yield opened
    close_pipes(opened)


def soon() -> float:
    """Return a time that comes soon."""
    return time.monotonic() + SOON


def later() -> float:
    """Return a time that does not come during a test."""
    return time.monotonic() + LATER


@given(st.binary(max_size=2_000))
def test_a_frame_arrives_as_it_was_sent(payload: bytes) -> None:
    """In both directions."""
    pipes = open_pipes()
    try:
        pipes.channel.send(payload, until=later())
        assert read_frame(pipes.child_in) == payload
        write_frame(pipes.child_out, payload)
        assert pipes.channel.receive(until=later()) == payload
    finally:
        close_pipes(pipes)


def test_a_frame_may_be_longer_than_a_pipe(pipes: Pipes) -> None:
    """Either side writes while the other reads."""
    payload = os.urandom(900_000)
    child = threading.Thread(target=lambda: write_frame(pipes.child_out, read_frame(pipes.child_in) or b""))
    child.start()
    pipes.channel.send(payload, until=later())
    assert pipes.channel.receive(until=later()) == payload
    child.join()


@pytest.mark.parametrize("sent", [b"", b"\0", b"\0\0\0\5", b"\0\0\0\5half"])
def test_who_sends_less_than_a_frame_is_overdue(pipes: Pipes, sent: bytes) -> None:
    """Nothing at all, or only its beginning."""
    os.write(pipes.child_out, sent)
    with pytest.raises(Overdue):
        pipes.channel.receive(until=soon())


@pytest.mark.parametrize("sent", [b"", b"\0\0", b"\0\0\0\5half"])
def test_who_ends_before_the_frame_does_is_broken(pipes: Pipes, sent: bytes) -> None:
    """A child that dies closes its pipe."""
    os.write(pipes.child_out, sent)
    os.close(pipes.child_out)
    with pytest.raises(Broken):
        pipes.channel.receive(until=later())


def test_a_frame_that_claims_to_be_too_long_is_not_read() -> None:
    """The length is checked before anything is kept."""
    pipes = open_pipes(most_bytes=10)
    os.write(pipes.child_out, b"\0\0\0\x0b" + b"x" * 11)
    with pytest.raises(Broken):
        pipes.channel.receive(until=later())
    close_pipes(pipes)


def test_who_does_not_read_is_overdue(pipes: Pipes) -> None:
    """A stopped child takes only what fits into the pipe."""
    with pytest.raises(Overdue):
        pipes.channel.send(bytes(500_000), until=soon())


def test_who_closed_its_input_is_broken(pipes: Pipes) -> None:
    """Writing to a child that died raises no signal."""
    os.close(pipes.child_in)
    with pytest.raises(Broken):
        pipes.channel.send(b"hello", until=later())


@pytest.mark.parametrize("sent", [b"", b"\0\0", b"\0\0\0\5half"])
def test_the_child_sees_the_end_of_its_input(pipes: Pipes, sent: bytes) -> None:
    """Also in the middle of a frame."""
    os.write(pipes.channel.into, sent)
    os.close(pipes.channel.into)
    assert read_frame(pipes.child_in) is None
