"""What was computed for the last views: a person who drags a slider looks at the same place all the time."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Generic, TypeVar

from numpy.typing import NDArray

Image = TypeVar("Image", bound=NDArray[Any])


class LastSeen(Generic[Image]):
    """Images by what they show, the last of them.

    In two generations, so that nothing has to be locked: what threads do at the same time is at worst forgotten.

    Args:
        most_bytes: of one generation.

    Thread: any.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._now: dict[Hashable, Image] = {}
        self._before: dict[Hashable, Image] = {}
        self._bytes = 0

    def get(self, key: Hashable) -> Image | None:
        """The image, read-only, if it is still known."""
        image = self._now.get(key)
        if image is None and (image := self._before.get(key)) is not None:
            # What is asked for again and again outlives what is made anew at each step of a drag.
            self.keep(key, image)
        return image

    def keep(self, key: Hashable, image: Image) -> Image:
        """Remember an image, which nobody changes from now on; returns it, read-only."""
        image.flags.writeable = False
        if self._bytes + image.nbytes > self._most:
            self._before, self._now, self._bytes = self._now, {}, 0
        if image.nbytes <= self._most:
            self._now[key] = image
            self._bytes += image.nbytes
        return image
