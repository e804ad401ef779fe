from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter, QPolygonF
from pytestqt.qtbot import QtBot

from bsgui.ui.canvas.qimage import to_array
from bsgui.ui.framing import painting
from bsgui.ui.theme import DARK

BOX = QPolygonF([QPointF(60, 40), QPointF(140, 50), QPointF(130, 130), QPointF(50, 120)])


@pytest.fixture
def image(qtbot: QtBot) -> QImage:
    image = QImage(400, 200, QImage.Format.Format_RGB888)
    image.fill(0xFF808080)
    return image


def changed(image: QImage) -> np.ndarray:
    """Which pixels are painted: (H, W)."""
    return np.asarray((to_array(image) != 0x80).any(2))


def test_only_the_photo_outside_the_frame_is_dimmed(image: QImage) -> None:
    painter = QPainter(image)
    painting.paint_veil(painter, QRectF(20, 10, 300, 150), BOX)
    painter.end()
    dim = changed(image)
    assert dim[15, 25]
    assert dim[150, 310]
    assert not dim[85, 95]
    assert not dim[5, 5]


def test_the_outline_is_thin_and_shows_on_any_ground(image: QImage) -> None:
    for ground in (0xFF000000, 0xFFFFFFFF):
        image.fill(ground)
        before = to_array(image).copy()
        painter = QPainter(image)
        painting.paint_outline(painter, BOX)
        painter.end()
        difference = np.abs(to_array(image).astype(int) - before).max(2)
        assert difference.max() > 150
        assert (difference > 0).sum() < 5 * 4 * 90


@pytest.mark.parametrize(("top", "expected"), [(5.0, "foot"), (80.0, "top")])
def test_the_hint_leaves_the_frame_free(image: QImage, top: float, expected: str) -> None:
    painter = QPainter(image)
    painting.paint_hint(painter, ["Too long for this canvas " * 20, "Esc"], QRectF(0, 0, 400, 200),
                        QRectF(150, top, 100, 60), DARK)  # fmt: skip
    painter.end()
    rows = np.flatnonzero(changed(image).any(1))
    assert (rows.min() > 100) == (expected == "foot")
    assert (rows.max() < 100) == (expected == "top")
