"""Named arrays in one file: the safetensors container, read and written with numpy alone.

This side of the program does without torch and its libraries, and reads files that nobody vouches for: the header is
bounded, and every array's kind, shape and place are checked before anything is made of them. The container: eight
bytes, the length of the header; the header, a JSON object; the arrays' bytes
(https://huggingface.co/docs/safetensors).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsgui.core.fields import FieldError

from .atomic import atomic_write

_KINDS: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "U8": np.dtype("u1")}
_MAX_HEADER = 8 << 20
_MAX_AXES = 6
_METADATA = "__metadata__"


@dataclass(frozen=True, eq=False)
class TensorFile:
    """What is in a file.

    Attributes:
        metadata: plain texts.
        tensors: float32 or uint8 arrays by name, read-only.
    """

    metadata: Mapping[str, str]
    tensors: Mapping[str, NDArray[Any]]

    def floats(self, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """One float32 array of that shape. Raises FieldError if it is missing or another."""
        tensor = self._tensor(name)
        if tensor.dtype != np.float32 or tensor.shape != shape:
            raise FieldError(f"“{name}” is not as it should be")
        return tensor

    def blob(self, name: str) -> bytes:
        """The bytes of one uint8 array with one axis. Raises FieldError if it is missing or another."""
        tensor = self._tensor(name)
        if tensor.dtype != np.uint8 or tensor.ndim != 1:
            raise FieldError(f"“{name}” is not as it should be")
        return tensor.tobytes()

    def _tensor(self, name: str) -> NDArray[Any]:
        if name not in self.tensors:
            raise FieldError(f"“{name}” is missing")
        return self.tensors[name]


def write_tensors(path: Path, tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> None:
    """Write float32 and uint8 arrays, whole or not at all. Raises OSError."""
    # The longer numbers first, so that all are aligned.
    names = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))
    header: dict[str, Any] = {_METADATA: dict(metadata)}
    end = 0
    for name in names:
        tensor, start = tensors[name], end
        end += tensor.nbytes
        kind = next(key for key, dtype in _KINDS.items() if dtype == tensor.dtype)
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with atomic_write(path) as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in names:
            file.write(np.ascontiguousarray(tensors[name]).tobytes())


def read_tensors(path: Path, max_bytes: int) -> TensorFile:
    """Read a file of at most ``max_bytes``.

    Raises:
        FieldError: too large, no such file, damaged, or with arrays of other kinds.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise FieldError(f"it is larger than {max_bytes >> 20} MiB")
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or not 2 <= length <= min(_MAX_HEADER, len(data) - 8):
        raise FieldError("it has no header")
    try:
        header = json.loads(data[8 : 8 + length])
    except (ValueError, RecursionError) as error:
        raise FieldError("its header is damaged") from error
    if not isinstance(header, dict):
        raise FieldError("its header is damaged")
    metadata = header.pop(_METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(x, str) for x in metadata.values()):
        raise FieldError("its header is damaged")
    body = memoryview(data)[8 + length :]
    return TensorFile(metadata, {name: _array(name, entry, body) for name, entry in header.items()})


def _array(name: str, entry: Any, body: memoryview) -> NDArray[Any]:
    wrong = FieldError(f"“{name[:60]}” is not described as it should be")
    if not isinstance(entry, dict):
        raise wrong
    dtype = next((dtype for kind, dtype in _KINDS.items() if kind == entry.get("dtype")), None)
    shape, place = _whole_numbers(entry.get("shape"), _MAX_AXES), _whole_numbers(entry.get("data_offsets"), 2)
    if dtype is None or shape is None or place is None or len(place) != 2:
        raise wrong
    start, end = place
    if not start <= end <= len(body) or math.prod(shape) * dtype.itemsize != end - start:
        raise wrong
    array: NDArray[Any] = np.frombuffer(body[start:end], dtype).reshape(shape)
    return array


def _whole_numbers(values: Any, most: int) -> list[int] | None:
    """A list of at most so many whole numbers from 0 up; None if it is anything else."""
    if not isinstance(values, list) or len(values) > most:
        return None
    good = all(isinstance(x, int) and not isinstance(x, bool) and 0 <= x < 1 << 40 for x in values)
    return values if good else None
