"""The picture as it is blended, at full size. Thread: any."""

from __future__ import annotations

import numpy as np

from bsgui.core.decomposition import Decomposition, strips
from bsgui.core.layers import LayerStack
from bsgui.core.photo import Samples, to_uint16
from bsgui.core.requests import CancelToken, NeverCancelled, Progress, ProgressCallback, report_nothing
from bsgui.core.viewport import Viewport

_NEVER = NeverCancelled()


def render_composite(
    decomposition: Decomposition,
    stack: LayerStack,
    report: ProgressCallback = report_nothing,
    cancel: CancelToken = _NEVER,
) -> Samples:
    """The composite at the photo's size and depth.

    Args:
        decomposition: the layers.
        stack: their settings.
        report: told the rows done.
        cancel: asked before every strip.

    Returns:
        New (H, W, 3), dtype of the photo's samples.
    """
    photo, source = decomposition.photo, decomposition.source
    weights = stack.weights()
    picture = np.empty_like(photo.samples)
    for start, stop in strips(photo.height):
        cancel.raise_if_cancelled()
        strip = Viewport.strip(photo.width, start, stop)
        if photo.white == 255:
            picture[start:stop] = source.show(weights, strip)
        else:
            picture[start:stop] = to_uint16(source.mix(weights, strip))
        report(Progress(stop, photo.height, "Blending"))
    return picture
