"""Which part of the photo is looked at, and how large."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Viewport:
    """A rectangle of output pixels laid over the photo.

    The centre of output pixel (column ``j``, row ``i``) shows the photo at
    ``(x + (j + 0.5) / scale, y + (i + 0.5) / scale)``, in photo pixels with the origin at the
    photo's top-left corner. The rectangle should lie inside the photo; what sticks out repeats its edge.

    Attributes:
        x, y: photo coordinates of the top-left corner, photo pixels.
        scale: output pixels per photo pixel; 1.0 is 100 %.
        width, height: output pixels.
    """

    x: float
    y: float
    scale: float
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.scale <= 0 or self.width < 1 or self.height < 1:
            raise ValueError(f"not a viewport: {self}")

    @staticmethod
    def strip(width: int, start: int, stop: int) -> Viewport:
        """Rows ``start:stop`` of a photo ``width`` pixels wide, at 100 %."""
        return Viewport(0.0, float(start), 1.0, width, stop - start)

    @staticmethod
    def over(left: int, top: int, width: int, height: int, longest: int, largest_scale: float = 1.0) -> Viewport:
        """A part of the photo (photo pixels), as a picture whose long side is at most so many pixels."""
        scale = min(longest / max(width, height), largest_scale)
        return Viewport(float(left), float(top), scale, max(1, round(width * scale)), max(1, round(height * scale)))

    def part(self, rows: slice, columns: slice) -> Viewport:
        """What some of its output pixels show, which must not be none."""
        x, y = self.x + columns.start / self.scale, self.y + rows.start / self.scale
        return Viewport(x, y, self.scale, columns.stop - columns.start, rows.stop - rows.start)

    @property
    def is_pixel_aligned(self) -> bool:
        """Whether output pixels are photo pixels, one to one."""
        return self.scale == 1 and float(self.x).is_integer() and float(self.y).is_integer()
