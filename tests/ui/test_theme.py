from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from bsgui.ui.theme import DARK, LIGHT, Theme, _style_sheet, apply_theme, contrast, current_theme


@pytest.fixture
def app(qapp: QApplication) -> Iterator[QApplication]:
    yield qapp
    apply_theme(qapp, "dark")


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_text_can_be_read(theme: Theme) -> None:
    for ground in (theme.window, theme.base, theme.raised, theme.hover):
        for text in (theme.text, theme.quiet, theme.focus, theme.warning, theme.error):
            assert contrast(text, ground) >= 4.5, (text, ground)
    assert min(contrast(text, theme.selected) for text in (theme.text, theme.quiet, theme.focus)) >= 4.5
    assert contrast(theme.on_accent, theme.accent) >= 4.5
    assert contrast(theme.on_overlay, theme.overlay) >= 4.5
    for ground in (theme.window, theme.base):
        assert contrast(theme.focus, ground) >= 3


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_greys_beside_the_picture_are_neutral(theme: Theme) -> None:
    for color in (theme.window, theme.base, theme.raised, theme.selected, theme.surround, theme.border, theme.text):
        assert len({color[1:3], color[3:5], color[5:7]}) == 1


def test_contrast_is_the_one_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", ["dark", "light", "system"])
def test_applying(app: QApplication, name: str) -> None:
    theme = apply_theme(app, name)
    assert current_theme() is theme
    assert app.palette().color(QPalette.ColorRole.Window).name() == theme.window
    assert app.palette().color(QPalette.ColorRole.HighlightedText).name() == theme.on_accent


def test_only_system_follows_the_desktop(app: QApplication) -> None:
    apply_theme(app, "light")
    app.styleHints().colorSchemeChanged.emit(app.styleHints().colorScheme())
    assert current_theme() is LIGHT
    apply_theme(app, "system")
    system = current_theme()
    app.styleHints().colorSchemeChanged.emit(app.styleHints().colorScheme())
    assert current_theme() is system


def test_unknown_themes_are_refused(app: QApplication) -> None:
    with pytest.raises(ValueError, match="pink"):
        apply_theme(app, "pink")


def test_every_color_in_the_sheet_is_filled_in() -> None:
    sheet = _style_sheet(DARK)
    assert "$" not in sheet
    for path in re.findall(r'url\("(.*?)"\)', sheet):
        assert path.endswith(".svg")
