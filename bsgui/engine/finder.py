"""Finds faces and the heads of cats and dogs in a photo, framed as the models were trained to see them.

Two small networks share the work. The first marks possible heads in the photo at four sizes, each half the one before,
so that it only has to know heads of one size. The second looks at each marked place again, at the best resolution there
is, and says what it is and where exactly; twice, since the first answer frames the head better for the second. A head
that fills the photo is more than the first network ever sees of one, so the second looks at the photo as a whole, too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress as suppress_errors
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from bsgui.core.alignment import face_frame
from bsgui.core.errors import ModelError
from bsgui.core.frame import SMALLEST_SIDE, Frame, Subject
from bsgui.core.photo import Photo, Samples
from bsgui.core.requests import CancelToken, NeverCancelled

from .finder_decoding import Candidate, numpy_picture_to_tensor, overlap, peaks, suppress
from .finder_network import KINDS, LOOK_MARGIN, LOOK_SIZE, MULTIPLE, FinderNetworks
from .finder_weights import load_installed_finder

Picture = NDArray[np.uint8]

_PIXELS = 320 * 240
_FINEST = 4.0
_LEVELS = (1.0, 0.5, 0.25, 0.125)
_EDGE = 8
_LEAST_HEAT = 0.12
_MOST_PEAKS = 12
_MOST_LOOKS = 16
_SAME_HEAD = 0.35
_PART_OF_HEAD = 0.65
_GREY = (128, 128, 128)
# Sides of a head that may fill the photo, over the photo's shorter side; where along the longer one; and how likely
# that is before anybody has looked.
_FILLING = (1.0, 0.8)
_ALONG = (0.3, 0.5, 0.7)
_FILLING_SCORE = 0.8


class Mips:
    """A photo at a few sizes, 8 bits, each made from the next larger one.

    Attributes:
        pictures: (h, w, 3) uint8, RGB, largest first.
        scales: their sizes over the photo's.
        unit: scale at which the finest proposals are made.
    """

    def __init__(self, samples: Samples) -> None:
        height, width = samples.shape[:2]
        # By area, so that wide photos keep their height and every photo costs the same.
        self.unit = min(1.0, math.sqrt(_PIXELS / (height * width)), 3 * math.sqrt(_PIXELS) / max(height, width))
        self.scales = sorted({min(1.0, self.unit * x) for x in (_FINEST, _FINEST / 2, *_LEVELS)}, reverse=True)
        self.pictures: list[Picture] = []
        last: Samples = samples
        for scale in self.scales:
            last = shrink(last, max(1, round(width * scale)), max(1, round(height * scale)))
            self.pictures.append(_eight_bits(last))

    def level(self, share: float) -> tuple[Picture, float]:
        """The picture at ``share`` of the unit, and its scale."""
        index = self.scales.index(min(1.0, self.unit * share))
        return self.pictures[index], self.scales[index]

    def crop(self, candidate: Candidate, size: int, margin: float) -> Picture:
        """An upright picture of a candidate in photo pixels: (size, size, 3) uint8, grey beyond the photo's edge."""
        index = max((i for i, s in enumerate(self.scales) if candidate.side * margin * s >= size), default=0)
        matrix = crop_matrix(candidate, size, margin)
        matrix *= self.scales[index]
        # OpenCV counts from pixel centres.
        matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(  # type: ignore[return-value]
            self.pictures[index], matrix, (size, size), flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=_GREY
        )


class HeadFinder:
    """Implements :class:`bsgui.core.requests.SubjectFinder`; reads its weights when it is first asked.

    Args:
        folders: where card and weights lie; None for the program's own folder and the person's.

    Thread: one at a time.
    """

    def __init__(self, folders: Sequence[Path] | None = None) -> None:
        self._folders = folders

    @cached_property
    def _installed(self) -> tuple[FinderNetworks, Mapping[str, float]]:
        networks, card = load_installed_finder(self._folders)
        return networks, card["thresholds"]

    def ready(self) -> Self:
        """Read the weights now rather than at the first search, which says so if they cannot be read."""
        with suppress_errors(ModelError):
            _ = self._installed
        return self

    def find(self, photo: Photo, cancel: CancelToken) -> tuple[Subject, ...]:
        """See :meth:`bsgui.core.requests.SubjectFinder.find`."""
        networks, thresholds = self._installed
        return find_with(networks, photo.samples, thresholds, cancel)


def find_subjects(photo: Photo, cancel: CancelToken | None = None) -> tuple[Subject, ...]:
    """The faces, cats and dogs of a photo, the most certain first; one-off, see :class:`HeadFinder` for more photos.

    Raises:
        ModelError: the finder's weights are missing or damaged.
        Cancelled: the token was cancelled.
    """
    return HeadFinder().find(photo, cancel or NeverCancelled())


@torch.inference_mode()
def find_with(
    networks: FinderNetworks, samples: Samples, thresholds: Mapping[str, float], cancel: CancelToken
) -> tuple[Subject, ...]:
    """Find with networks of one's own.

    Args:
        networks: both, fused or in evaluation mode.
        samples: (H, W, 3) uint8 or uint16, RGB.
        thresholds: least score of a subject of each of ``KINDS``, 0..1.
        cancel: asked before every run of a network.
    """
    mips = Mips(samples)
    candidates = [*propose(networks, mips, cancel), *filling(samples.shape[1], samples.shape[0])]
    subjects: list[tuple[Candidate, Subject]] = []
    for _ in range(2):
        cancel.raise_if_cancelled()
        subjects = look(networks, mips, candidates)
        candidates = suppress([candidate for candidate, _ in subjects], _SAME_HEAD, _PART_OF_HEAD)
    best = {id(candidate): subject for candidate, subject in subjects}
    found = (best[id(candidate)] for candidate in candidates)
    return tuple(subject for subject in found if subject.score >= thresholds[subject.kind])


def propose(networks: FinderNetworks, mips: Mips, cancel: CancelToken) -> list[Candidate]:
    """The places worth a second look, in photo pixels, best first."""
    found = []
    for share in _LEVELS:
        cancel.raise_if_cancelled()
        picture, scale = mips.level(share)
        heat, shape = networks.proposals(_on_canvas(picture))
        found += [x.moved(scale, _EDGE) for x in peaks(heat[0], shape[0], _LEAST_HEAT, _MOST_PEAKS)]
    return suppress(found, _SAME_HEAD)[:_MOST_LOOKS]


def filling(width: int, height: int) -> list[Candidate]:
    """Heads that would fill a photo of this size, in photo pixels; of no kind yet."""
    shorter, longer = sorted((width, height))
    candidates = []
    for share in _FILLING:
        for along in _ALONG if longer > 1.2 * shorter else (0.5,):
            x, y = (along * width, height / 2) if width >= height else (width / 2, along * height)
            candidates.append(Candidate(x, y, share * shorter, 0.0, 0, _FILLING_SCORE))
    return candidates


def look(networks: FinderNetworks, mips: Mips, candidates: Sequence[Candidate]) -> list[tuple[Candidate, Subject]]:
    """Look at candidates, in photo pixels: each as it is framed now, and the subject it stands for.

    The score is the geometric mean of what it was and of how sure this look is that it is a head. What is said of it is
    the mean of two answers, to the picture and to its mirror image: chance errs in one, what is there is in both.
    """
    if not candidates:
        return []
    pictures = torch.cat([numpy_picture_to_tensor(mips.crop(x, LOOK_SIZE, LOOK_MARGIN)) for x in candidates])
    kinds, landmarks, boxes = networks.look(torch.cat([pictures, pictures.flip(3)]))
    seen_so, mirrored = F.softmax(kinds, dim=1).chunk(2)
    shares, landmarks, boxes = (seen_so + mirrored) / 2, landmarks[: len(pictures)], boxes[: len(pictures)]
    answers = zip(candidates, shares, landmarks, boxes, strict=True)
    seen = [_seen(candidate, *answer) for candidate, *answer in answers]
    return [x for x in seen if x is not None]


def _seen(candidate: Candidate, share: Tensor, landmarks: Tensor, box: Tensor) -> tuple[Candidate, Subject] | None:
    kind = int(share[:-1].argmax())
    score = math.sqrt(candidate.score * float(share[kind]))
    matrix = crop_matrix(candidate, 1, LOOK_MARGIN)
    points: NDArray[np.float64] = np.zeros((0, 2))
    try:
        if KINDS[kind] == "face":
            points = landmarks.double().numpy() @ matrix[:, :2].T + matrix[:, 2]
            frame = face_frame(points)
        else:
            x, y = matrix @ (float(box[0]), float(box[1]), 1.0)
            side = candidate.side * LOOK_MARGIN * math.exp(min(max(float(box[2]), -2.0), 2.0))
            frame = Frame.square(float(x), float(y), max(side, SMALLEST_SIDE))
    except ValueError:
        return None
    # Pets are framed upright, but looked at as they lie.
    angle = frame.angle if KINDS[kind] == "face" else candidate.angle
    framed = Candidate(frame.x, frame.y, frame.width, angle, kind, score)
    if overlap(framed, candidate) < _SAME_HEAD:
        framed = replace(framed, score=score * 0.5)
    return framed, Subject(KINDS[kind], framed.score, frame, tuple((float(x), float(y)) for x, y in points))


def crop_matrix(candidate: Candidate, size: int, margin: float) -> NDArray[np.float64]:
    """(2, 3): from the coordinates of an upright picture of a candidate, 0..size, to those it was found in."""
    step = candidate.side * margin / size
    cosine, sine = step * math.cos(candidate.angle), step * math.sin(candidate.angle)
    linear = np.array([[cosine, -sine], [sine, cosine]])
    return np.column_stack([linear, np.array([candidate.x, candidate.y]) - linear @ (size / 2, size / 2)])


def shrink(samples: Samples, width: int, height: int) -> Samples:
    """An image at a smaller size, every sample near enough to an average; constant time for large ones."""
    if samples.shape[:2] == (height, width):
        return samples
    if samples.shape[0] > 2 * height and samples.shape[1] > 2 * width:
        # Pixels of very large photos are left out first: a head is much larger than what that blurs.
        samples = cv2.resize(samples, (2 * width, 2 * height), interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
    return cv2.resize(samples, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def _eight_bits(samples: Samples) -> Picture:
    if samples.dtype == np.uint8:
        return np.asarray(samples, dtype=np.uint8)
    return np.asarray(samples // 257, dtype=np.uint8)


def _on_canvas(picture: Picture) -> Tensor:
    """The picture as the proposals want it: (1, 3, h, w), with an edge of grey, to multiples."""
    height, width = (math.ceil((x + 2 * _EDGE) / MULTIPLE) * MULTIPLE for x in picture.shape[:2])
    canvas = torch.zeros(1, 3, height, width).to(memory_format=torch.channels_last)
    canvas[:, :, _EDGE : _EDGE + picture.shape[0], _EDGE : _EDGE + picture.shape[1]] = numpy_picture_to_tensor(picture)
    return canvas
