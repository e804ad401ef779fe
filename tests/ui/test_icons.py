from __future__ import annotations

import gc
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QImage, QPalette
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from bsgui.ui.icons import app_icon, icon, icon_names, icon_pixmap
from bsgui.ui.theme import apply_theme

NEEDED = (
    *("app", "eye", "eye-off", "solo", "mute", "lock", "unlock", "open", "export", "save", "undo", "redo", "zoom-in"),
    *("zoom-out", "fit", "one-to-one", "split", "before", "reset", "invert", "decompose", "cancel", "settings", "info"),
    *("warning", "error", "histogram", "magnitude", "signed", "grey", "composite", "layers", "branch", "residual"),
    *("base", "up", "down", "close"),
)


@pytest.fixture
def app(qapp: QApplication) -> Iterator[QApplication]:
    apply_theme(qapp, "dark")
    yield qapp
    apply_theme(qapp, "dark")


def colors(image: QImage) -> set[str]:
    """The colours of the opaque pixels."""
    image = image.convertToFormat(QImage.Format.Format_RGBA8888)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(-1, 4)
    return {"#{:02x}{:02x}{:02x}".format(*pixel[:3]) for pixel in pixels if pixel[3] == 255}


def test_all_that_are_needed_are_there() -> None:
    assert set(NEEDED) <= set(icon_names())


@pytest.mark.parametrize("name", icon_names())
def test_each_draws_something_at_each_size(app: QApplication, name: str) -> None:
    for size in (16, 24, 48):
        image = icon(name).pixmap(size).toImage()
        assert image.width() == image.height() == size
        alpha = [image.pixelColor(x, y).alpha() for x in range(size) for y in range(size)]
        assert 0.02 < np.mean(alpha) / 255 < 0.9
        border = [image.pixelColor(x, 0).alpha() for x in range(size)]
        assert name == "app" or max(border) < 128, "cut off at the top"


def test_unknown_names_are_told_at_once(app: QApplication) -> None:
    with pytest.raises(FileNotFoundError, match="unicorn"):
        icon("unicorn")


def test_icons_take_the_palettes_colours_and_follow_the_theme(app: QApplication) -> None:
    lock = icon("lock")
    for theme in ("dark", "light"):
        apply_theme(app, theme)
        text = app.palette().color(QPalette.ColorRole.ButtonText).name()
        assert text in colors(lock.pixmap(64).toImage())
        disabled = app.palette().color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText).name()
        assert colors(lock.pixmap(QSize(64, 64), QIcon.Mode.Disabled).toImage()) == {disabled}
        chosen = app.palette().color(QPalette.ColorRole.HighlightedText).name()
        assert colors(icon("lock", on_accent=True).pixmap(64).toImage()) == {chosen}


def test_icons_are_sharp_on_dense_screens(app: QApplication) -> None:
    pixmap = icon("eye").pixmap(QSize(16, 16), 2.0)
    assert (pixmap.width(), pixmap.devicePixelRatio()) == (32, 2.0)
    assert icon_pixmap("eye", 16, QColor("red"), 3.0).width() == 48


def test_icons_outlive_what_made_them(app: QApplication, qtbot: QtBot) -> None:
    button = QPushButton()
    qtbot.addWidget(button)
    for name in icon_names():
        copy = QIcon(icon(name))
        copy.setIsMask(True)  # makes Qt clone the engine
        button.setIcon(copy)
        del copy
        gc.collect()
        assert not button.grab().isNull()


def test_the_programs_icon_keeps_its_colours(app: QApplication) -> None:
    assert len(colors(app_icon().pixmap(128).toImage())) > 3
