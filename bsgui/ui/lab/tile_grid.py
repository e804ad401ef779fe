"""Pictures side by side with captions, as large as the room allows; a click shows one alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from bsgui.ui.theme import Theme, current_theme

_GAP = 8
_DOT = 8
_LEAST_SIDE = 48
_LEAST_WIDTH = 110


@dataclass(frozen=True)
class Caption:
    """What stands over a picture.

    Attributes:
        name: on the left.
        figure: on the right, quiet; may be empty.
        color: of a dot before the name, which the curves share; None for none.
    """

    name: str
    figure: str = ""
    color: QColor | None = None


@dataclass(frozen=True)
class TilePlaces:
    """Where the tiles are: columns, the room for each picture, and the left edge of the first; logical pixels."""

    columns: int
    width: int
    height: int
    caption: int
    left: int = _GAP

    def tile(self, index: int) -> QRect:
        """A picture's room with its caption over it."""
        row, column = divmod(index, self.columns)
        left = self.left + column * (self.width + _GAP)
        return QRect(left, _GAP + row * (self.height + self.caption + _GAP), self.width, self.height + self.caption)

    def picture(self, index: int) -> QRect:
        """A picture's room."""
        return self.tile(index).adjusted(0, self.caption, 0, 0)


def place_tiles(count: int, size: QSize, aspect: float, caption: int) -> TilePlaces:
    """The number of columns that leaves pictures of this aspect (width over height) the most room; in the middle."""

    def room(columns: int) -> tuple[int, int]:
        rows = -(-max(count, 1) // columns)
        return (size.width() - _GAP) // columns - _GAP, (size.height() - _GAP) // rows - _GAP - caption

    def picture_height(columns: int) -> float:
        width, height = room(columns)
        return min(width / aspect, height)

    columns = max(range(1, max(count, 1) + 1), key=picture_height)
    width, height = room(columns)
    # No wider than the picture, or than its caption needs, so that the caption ends where the picture does.
    width = max(1, min(width, max(round(height * aspect), _LEAST_WIDTH)))
    height = max(1, min(height, round(width / aspect)))
    left = max(_GAP, (size.width() - columns * (width + _GAP) + _GAP) // 2)
    return TilePlaces(columns, width, height, caption, left)


def paint_tile(
    painter: QPainter, place: QRect, caption_height: int, caption: Caption, image: QImage | None, theme: Theme
) -> None:
    """One caption, and below it the picture, which keeps its aspect. Thread: any that owns the painter."""
    metrics = painter.fontMetrics()
    line = QRectF(place.left(), place.top(), place.width(), caption_height)
    room = line.width() - metrics.horizontalAdvance(caption.figure) - _GAP
    if caption.color is not None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(caption.color)
        painter.drawEllipse(QRectF(line.left(), line.center().y() - _DOT / 2, _DOT, _DOT))
        line.setLeft(line.left() + _DOT + _GAP / 2)
        room -= _DOT + _GAP / 2
    painter.setPen(QColor(theme.text))
    name = metrics.elidedText(caption.name, Qt.TextElideMode.ElideRight, int(room))
    painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
    painter.setPen(QColor(theme.quiet))
    painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, caption.figure)
    if image is not None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(_fitted(place.adjusted(0, caption_height, 0, 0), image.size()), image)


def _fitted(room: QRect, size: QSize) -> QRectF:
    """The largest place of that aspect in the room, in its middle at the top."""
    scale = min(room.width() / size.width(), room.height() / size.height())
    width, height = size.width() * scale, size.height() * scale
    return QRectF(room.left(), room.top(), width, height)


def sheet(pictures: Sequence[QImage | None], captions: Sequence[Caption], title: str, theme: Theme) -> QImage:
    """All tiles at the pictures' own size under a title: what is exported. Thread: any."""
    images = [x for x in pictures if x is not None]
    font = QFont()
    font.setPixelSize(max(12, images[0].width() // 24))
    caption = round(QFontMetrics(font).height() * 1.5)
    columns = max(1, round((len(images) * images[0].height() / images[0].width() * 1.6) ** 0.5))
    places = TilePlaces(columns, images[0].width(), images[0].height(), caption)
    last = places.tile(columns - 1).right(), places.tile(len(images) - 1).bottom()
    image = QImage(last[0] + _GAP, last[1] + caption + _GAP, QImage.Format.Format_RGB32)
    image.fill(QColor(theme.base))
    painter = QPainter(image)
    painter.setFont(font)
    painter.setPen(QColor(theme.text))
    painter.drawText(QRectF(_GAP, 0, image.width() - 2 * _GAP, caption + _GAP), Qt.AlignmentFlag.AlignVCenter, title)
    for index, (picture, words) in enumerate(zip(pictures, captions, strict=True)):
        paint_tile(painter, places.tile(index).translated(0, caption), caption, words, picture, theme)
    painter.end()
    return image


class TileGrid(QWidget):
    """Shows tiles; which one is alone is remembered here.

    Signals:
        room_changed(): the pictures should have another size, or another one is alone.

    Attributes:
        alone: index of the one tile that is shown large; None for all.

    Thread: GUI.
    """

    room_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.alone: int | None = None
        self._captions: Sequence[Caption] = ()
        self._pictures: Sequence[QImage | None] = ()
        self._aspect = 1.5
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Layers at this step")
        self.setToolTip("Click a picture to see it alone, and again to see all (Return: one after the other; Esc: all)")

    def minimumSizeHint(self) -> QSize:
        """Small, but not nothing."""
        return QSize(4 * _LEAST_SIDE, 4 * _LEAST_SIDE)

    def start(self, count: int, aspect: float) -> None:
        """Make room for so many tiles of that aspect; the pictures come with :meth:`show_tiles`."""
        if count != len(self._captions):
            self.alone, self._captions, self._pictures = None, (Caption(""),) * count, (None,) * count
        self._aspect = aspect

    def show_tiles(self, pictures: Sequence[QImage | None], captions: Sequence[Caption]) -> None:
        """Show pictures, one a tile."""
        self._pictures, self._captions = pictures, captions
        self.setAccessibleDescription("; ".join(f"{x.name} {x.figure}".strip() for x in captions))
        self.update()

    def show_alone(self, index: int | None) -> None:
        """Show one tile large, or all."""
        if index != self.alone:
            self.alone = index
            self.room_changed.emit()

    def show_next(self) -> None:
        """Show the next tile large, after the last one all."""
        following = 0 if self.alone is None else self.alone + 1
        self.show_alone(following if following < len(self._captions) else None)

    def room(self) -> QSize:
        """The room for each picture, device pixels."""
        places = self._places()
        ratio = self.devicePixelRatioF()
        return QSize(max(1, round(places.width * ratio)), max(1, round(places.height * ratio)))

    def tile_at(self, x: float, y: float) -> int | None:
        """The tile at a point of the widget."""
        places = self._places()
        for slot, index in enumerate(self._shown()):
            if places.tile(slot).contains(int(x), int(y)):
                return index
        return None

    def _shown(self) -> Sequence[int]:
        return range(len(self._captions)) if self.alone is None else (self.alone,)

    def _places(self) -> TilePlaces:
        return place_tiles(len(self._shown()), self.size(), self._aspect, round(self.fontMetrics().height() * 1.4))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Captions and pictures."""
        painter = QPainter(self)
        places, theme = self._places(), current_theme()
        painter.fillRect(self.rect(), QColor(theme.surround))
        for slot, index in enumerate(self._shown()):
            paint_tile(painter, places.tile(slot), places.caption, self._captions[index], self._pictures[index], theme)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """One tile alone, or all again."""
        if event.button() == Qt.MouseButton.LeftButton and self._captions:
            self.show_alone(self.tile_at(event.position().x(), event.position().y()) if self.alone is None else None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Other pictures are needed."""
        super().resizeEvent(event)
        self.room_changed.emit()
