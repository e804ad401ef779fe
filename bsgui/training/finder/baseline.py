"""A finder to compare with: the LBP cascade for frontal faces that scikit-image carries (which is no dependency)."""

from __future__ import annotations

from typing import Any

import numpy as np

from bsgui.core.errors import UsageError
from bsgui.core.frame import Frame, Subject
from bsgui.core.photo import Samples

# Side and centre of an aligned frame over those of the cascade's box; medians over val composites.
_SIDE, _DOWN = 1.55, -0.06
_SMALLEST, _LARGEST = 0.06, 0.9


class CascadeFinder:
    """Finds upright faces; all scores are 1.

    Raises:
        UsageError: scikit-image is not installed.
    """

    def __init__(self) -> None:
        try:
            from skimage.data import lbp_frontal_face_cascade_filename  # type: ignore[import-not-found, unused-ignore]
            from skimage.feature import Cascade  # type: ignore[import-not-found, unused-ignore]
        except ImportError as error:
            raise UsageError("The baseline needs scikit-image, which is not installed here.") from error
        self._cascade: Any = Cascade(lbp_frontal_face_cascade_filename())

    def find(self, samples: Samples) -> tuple[Subject, ...]:
        """The faces of a picture (H, W, 3) uint8, RGB, of at most about a megapixel."""
        side = min(samples.shape[:2])
        least, most = max(24, int(_SMALLEST * side)), max(25, int(_LARGEST * side))
        found = self._cascade.detect_multi_scale(
            img=np.ascontiguousarray(samples),
            scale_factor=1.2,
            step_ratio=1,
            min_size=(least, least),
            max_size=(most, most),
        )
        return tuple(_subject(box) for box in found)


def _subject(box: dict[str, int]) -> Subject:
    side = max(box["width"], box["height"])
    x, y = box["c"] + box["width"] / 2, box["r"] + box["height"] / 2
    return Subject("face", 1.0, Frame.square(x, y + _DOWN * side, _SIDE * side))
