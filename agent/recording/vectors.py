"""Vectors as JSON: base64 of little-endian float32 with their shape, so that they come back exactly."""

import base64
import binascii

import numpy

from agent.recording.recording import Json
from tools.errors import InvalidInput
from tools.ports import Matrix


def written_matrix(matrix: Matrix) -> dict[str, Json]:
    """Write a matrix."""
    rows = numpy.ascontiguousarray(matrix, dtype="<f4")
    return {"$vectors": base64.b64encode(rows.tobytes()).decode("ascii"), "shape": list(rows.shape)}


def read_matrix(written: Json) -> Matrix:
    """Read a matrix.

    Raises:
        InvalidInput: It is none.
    """
    try:
        values = numpy.frombuffer(base64.b64decode(written["$vectors"], validate=True), dtype="<f4")
        return values.reshape([int(size) for size in written["shape"]]).astype(numpy.float32)
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise InvalidInput("the recording holds vectors that cannot be read; record the run again") from error
