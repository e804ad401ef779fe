"""What the laboratory reads and writes: configurations, tables, pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsView

from bsgui.core.errors import ExportError, UsageError
from bsgui.core.race import RaceConfig
from bsgui.imageio.atomic import atomic_write, os_reason

_MAX_CONFIG_BYTES = 1 << 20
_PICTURE_SCALE = 2


def read_config(path: Path) -> RaceConfig:
    """Read a race's configuration.

    Raises:
        UsageError: the file cannot be read, or is none. Thread: any; the file is small.
    """
    try:
        if path.stat().st_size > _MAX_CONFIG_BYTES:
            raise ValueError("too large")
        data: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path.name} could not be read: {os_reason(error)}.", repr(error)) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path.name} is not a race’s configuration.", repr(error)) from error
    return RaceConfig.from_json(data)


def config_bytes(config: RaceConfig) -> bytes:
    """The file that :func:`read_config` and ``bsgui lab race --config`` read."""
    return (json.dumps(config.to_json(), indent=1) + "\n").encode()


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        ExportError: it could not be written.
    """
    try:
        with atomic_write(path) as file:
            file.write(data)
    except OSError as error:
        raise ExportError(f"{path.name} could not be written: {os_reason(error)}.", repr(error)) from error


def render_svg(view: QGraphicsView) -> bytes:
    """What a view shows, as an SVG document. Thread: GUI."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(view.size())
    generator.setViewBox(view.rect())
    generator.setTitle("bsgui: a race of branches")
    painter = QPainter(generator)
    painter.fillRect(view.rect(), view.backgroundBrush())
    view.render(painter, QRectF(view.rect()), view.viewport().rect())
    painter.end()
    return bytes(data.data())


def render_image(view: QGraphicsView) -> QImage:
    """What a view shows, at twice its size. Thread: GUI."""
    image = QImage(view.size() * _PICTURE_SCALE, QImage.Format.Format_RGB32)
    image.fill(view.backgroundBrush().color())
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    view.render(painter, QRectF(image.rect()), view.viewport().rect())
    painter.end()
    return image


def png_bytes(image: QImage) -> bytes:
    """A PNG file of an image. Thread: any."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(data.data())
