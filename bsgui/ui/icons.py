"""Icons from our own SVG files, drawn in the colours of the palette of the moment."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPalette, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from bsgui.imageio.resource_paths import resource


def icon(name: str, on_accent: bool = False) -> QIcon:
    """The icon ``resources/icons/<name>.svg``; it follows the theme by itself, also after a change of theme.

    Args:
        name: the file's name without suffix.
        on_accent: for a button that has the accent colour as its ground.

    Raises:
        FileNotFoundError: there is no such icon; a bug.

    Thread: GUI.
    """
    _source(name)  # a wrong name is told here, not when it is first painted
    return QIcon(_PaletteIcon(name, on_accent))


def icon_pixmap(name: str, size: int, color: QColor, ratio: float = 1.0) -> QPixmap:
    """One icon in one colour.

    Args:
        name: the file's name without suffix.
        size: side, in logical pixels.
        color: what stands for ``currentColor``.
        ratio: device pixel ratio of the result.
    """
    side = max(1, round(size * ratio))
    pixmap = _drawn(name, QSize(side, side), color)
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def icon_names() -> list[str]:
    """All icons there are, sorted."""
    return sorted(path.stem for path in resource("icons").glob("*.svg"))


def app_icon() -> QIcon:
    """The program's own icon, in its own colours."""
    return icon("app")


class _PaletteIcon(QIconEngine):
    """Draws when asked, with the application's palette: no icon has to be told of a new theme."""

    def __init__(self, name: str, on_accent: bool) -> None:
        super().__init__()
        self._name = name
        self._on_accent = on_accent

    def clone(self) -> QIconEngine:
        copy = _PaletteIcon(self._name, self._on_accent)
        _CLONES.append(copy)
        return copy

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        ratio = painter.device().devicePixelRatioF()
        pixmap = _drawn(self._name, rect.size() * ratio, self._color(mode, state))
        painter.drawPixmap(rect, pixmap)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return _drawn(self._name, size, self._color(mode, state))

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        # Since Qt 6.8 the size is in logical pixels.
        pixmap = _drawn(self._name, size * scale, self._color(mode, state))
        pixmap.setDevicePixelRatio(scale)
        return pixmap

    def _color(self, mode: QIcon.Mode, state: QIcon.State) -> QColor:
        palette, role = QApplication.palette(), QPalette.ColorRole
        if mode is QIcon.Mode.Disabled:
            return palette.color(QPalette.ColorGroup.Disabled, role.ButtonText)
        if mode is QIcon.Mode.Selected or self._on_accent:
            return palette.color(role.HighlightedText)
        return palette.color(role.Link if state is QIcon.State.On else role.ButtonText)


# Qt owns a clone but Python must not drop its half of it.
_CLONES: list[QIconEngine] = []


def _drawn(name: str, size: QSize, color: QColor) -> QPixmap:
    key = f"bsgui:{name}:{size.width()}x{size.height()}:{color.name(QColor.NameFormat.HexArgb)}"
    pixmap = QPixmap()
    if QPixmapCache.find(key, pixmap):
        return pixmap
    pixmap = QPixmap(size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    side = min(size.width(), size.height())
    place = QRectF((size.width() - side) / 2, (size.height() - side) / 2, side, side)
    QSvgRenderer(QByteArray(_colored(name, color))).render(painter, place)
    painter.end()
    QPixmapCache.insert(key, pixmap)
    return pixmap


def _colored(name: str, color: QColor) -> bytes:
    return _source(name).replace(b"currentColor", color.name().encode())


@cache
def _source(name: str) -> bytes:
    return resource(f"icons/{name}.svg").read_bytes()
