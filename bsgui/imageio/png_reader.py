"""Reading PNGs strip by strip, so that many large ones can be added up without holding any of them whole."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from bsgui.core.photo import Samples

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
_NONE, _SUB, _UP = 0, 1, 2
_PIECE = 1 << 20
# isal's error is a class of its own; its type stubs call it an instance.
_DECOMPRESSION_ERRORS: tuple[Any, ...] = (isal_zlib.error, zlib.error, ValueError, OverflowError)


class PngError(Exception):
    """Not a PNG, damaged, truncated; the text is a reason for the end of a sentence."""


class _ForeignPng(Exception):
    """A sound PNG, perhaps, but not of the kind that this program writes."""


@dataclass(frozen=True)
class PngHeader:
    """What the picture is: pixels, bits per sample, samples per pixel (0 for a palette), interlaced or not."""

    width: int
    height: int
    depth: int
    channels: int
    interlaced: bool


def read_header(path: Path) -> PngHeader:
    """The header of a PNG, without decoding anything.

    Raises:
        PngError: not a PNG.
        OSError: cannot be read.
    """
    with path.open("rb") as file:
        return _header(file)


def read_strips(path: Path, rows: int) -> Generator[Samples, None, None]:
    """The picture from the top, ``rows`` at a time: (rows, W, channels) uint8 or uint16; the last may be shorter.

    PNGs of other programs, with other filters or interlaced, are decoded whole by OpenCV; check the header first.

    Raises:
        PngError: damaged or truncated.
        OSError: cannot be read.
    """
    start = 0
    with path.open("rb") as file:
        header = _header(file)
        try:
            reader = _StripReader(file, header)
            while start < header.height:
                strip = reader.read(min(rows, header.height - start))
                yield strip
                start += len(strip)
        except _ForeignPng:
            whole = _read_whole(path, header)
            for row in range(start, header.height, rows):
                yield whole[row : row + rows]


def _header(file: BinaryIO) -> PngHeader:
    head = file.read(33)
    if len(head) < 33 or not head.startswith(_SIGNATURE) or head[8:16] != b"\x00\x00\x00\rIHDR":
        raise PngError("it is not a PNG picture")
    if zlib.crc32(head[12:29]) != int.from_bytes(head[29:33], "big"):
        raise PngError("it is damaged")
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", head[16:29])
    return PngHeader(width, height, depth, _CHANNELS.get(colour, 0), interlace != 0)


class _StripReader:
    """Decodes rows with the filters None, Sub and Up; anything else is foreign."""

    def __init__(self, file: BinaryIO, header: PngHeader) -> None:
        if header.interlaced or header.depth not in (8, 16) or header.channels == 0:
            raise _ForeignPng
        self._header = header
        self._pixel_bytes = header.channels * header.depth // 8
        self._row_bytes = header.width * self._pixel_bytes
        self._compressed = _image_data(file)
        self._inflate: Any = isal_zlib.decompressobj()
        self._pending = b""
        self._previous = np.zeros(self._row_bytes, np.uint8)

    def read(self, rows: int) -> Samples:
        """The next rows."""
        filtered = self._take(rows * (self._row_bytes + 1)).reshape(rows, -1)
        pixels = np.empty((rows, self._row_bytes), np.uint8)
        previous = self._previous
        for row, (kind, source) in enumerate(zip(filtered[:, 0], filtered[:, 1:], strict=True)):
            if kind == _UP:
                np.add(source, previous, out=pixels[row])
            elif kind == _SUB:
                by_pixel = source.reshape(-1, self._pixel_bytes)
                pixels[row] = np.add.accumulate(by_pixel, axis=0, dtype=np.uint8).reshape(-1)
            elif kind == _NONE:
                pixels[row] = source
            else:
                raise _ForeignPng
            previous = pixels[row]
        self._previous = previous
        shape = (rows, self._header.width, self._header.channels)
        if self._header.depth == 8:
            return pixels.reshape(shape)
        return pixels.view(">u2").astype(np.uint16).reshape(shape)

    def _take(self, count: int) -> NDArray[np.uint8]:
        """Exactly ``count`` bytes of decompressed data; never decompresses more than asked for."""
        parts = []
        try:
            while count:
                # What went in before may not all have come out: that is asked for first, even at the file's end.
                part = self._inflate.decompress(self._pending, count)
                self._pending = self._inflate.unconsumed_tail
                if not part and self._inflate.eof:
                    raise PngError("it is truncated")
                if not part and not self._pending:
                    self._pending = next(self._compressed)
                parts.append(part)
                count -= len(part)
        except StopIteration:
            raise PngError("it is truncated") from None
        except _DECOMPRESSION_ERRORS as error:
            raise PngError("it is damaged") from error
        return np.frombuffer(b"".join(parts), np.uint8)


def _image_data(file: BinaryIO) -> Iterator[bytes]:
    """The compressed bytes of all IDAT chunks, in pieces; checksums are checked."""
    while True:
        head = file.read(8)
        if len(head) < 8:
            raise PngError("it is truncated")
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if kind == b"IEND":
            return
        checksum = isal_zlib.crc32(kind)
        while length:
            piece = file.read(min(length, _PIECE))
            if not piece:
                raise PngError("it is truncated")
            length -= len(piece)
            checksum = isal_zlib.crc32(piece, checksum)
            if kind == b"IDAT":
                yield piece
        if checksum != int.from_bytes(file.read(4), "big"):
            raise PngError("it is damaged")


def _read_whole(path: Path, header: PngHeader) -> Samples:
    decoded: Any = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    expected = (header.height, header.width)
    if decoded is None or decoded.shape[:2] != expected or decoded.dtype not in (np.uint8, np.uint16):
        raise PngError("it is damaged")
    if decoded.ndim == 2:
        return np.asarray(decoded[..., None])
    swap = cv2.COLOR_BGRA2RGBA if decoded.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(decoded, swap))
