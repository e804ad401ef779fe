"""Dark and light: neutral greys, as photo editors use so that no colour beside the picture misleads the eye."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from bsgui.imageio.resource_paths import resource

THEME_NAMES = ("system", "dark", "light")


@dataclass(frozen=True)
class Theme:
    """The colours of a theme, as "#rrggbb". Text colours have a contrast of 4.5:1 or more on their grounds.

    Attributes:
        name: "dark" or "light".
        window, base, raised, hover, pressed: grounds: panels, lists and fields, buttons, and how those answer.
        selected: ground of the selected row in a list of widgets.
        border: lines between panels and around fields.
        text, quiet, disabled: text on these grounds: plain, secondary, and of what cannot be used.
        accent, on_accent: ground of what is chosen, and text on it.
        focus: the focus ring, and text that stands out on plain grounds.
        surround: the canvas around the photo.
        overlay, on_overlay: labels drawn over the picture.
        red, green, blue: histogram curves.
        warning, error: notices, as text or icons on plain grounds.
        positive, negative: the signs of a layer, as the signed look shows them.
    """

    name: str
    window: str
    base: str
    raised: str
    hover: str
    pressed: str
    selected: str
    border: str
    text: str
    quiet: str
    disabled: str
    accent: str
    on_accent: str
    focus: str
    surround: str
    overlay: str
    on_overlay: str
    red: str
    green: str
    blue: str
    warning: str
    error: str
    positive: str
    negative: str


DARK = Theme(
    name="dark",
    window="#2b2b2b",
    base="#222222",
    raised="#3a3a3a",
    hover="#404040",
    pressed="#1f1f1f",
    selected="#3a3a3a",
    border="#474747",
    text="#e6e6e6",
    quiet="#b0b0b0",
    disabled="#7a7a7a",
    accent="#2b6cb8",
    on_accent="#ffffff",
    focus="#7ab8ff",
    surround="#1e1e1e",
    overlay="#1a1a1a",
    on_overlay="#f2f2f2",
    red="#e5605c",
    green="#5fbf6a",
    blue="#5b9bf0",
    warning="#f2b84b",
    error="#ff8a80",
    positive="#ff9e29",
    negative="#4d9dff",
)
LIGHT = Theme(
    name="light",
    window="#e9e9e9",
    base="#fafafa",
    raised="#f5f5f5",
    hover="#ffffff",
    pressed="#d4d4d4",
    selected="#e0e0e0",
    border="#bdbdbd",
    text="#1d1d1d",
    quiet="#565656",
    disabled="#8f8f8f",
    accent="#1f63b5",
    on_accent="#ffffff",
    focus="#17559e",
    surround="#c4c4c4",
    overlay="#1a1a1a",
    on_overlay="#f2f2f2",
    red="#c62f2b",
    green="#2a8a38",
    blue="#2563c4",
    warning="#8a5a00",
    error="#b3261e",
    positive="#b85f00",
    negative="#1f63b5",
)

_current = DARK


def current_theme() -> Theme:
    """The theme that was applied last; for widgets that paint themselves. Thread: GUI."""
    return _current


def apply_theme(app: QApplication, name: str) -> Theme:
    """Give the whole application a theme; windows that are open follow at once.

    Args:
        app: the application.
        name: "dark", "light", or "system" for what the desktop asks for, now and whenever that changes.

    Returns:
        The theme in use.

    Raises:
        ValueError: there is no such theme.

    Thread: GUI.
    """
    if name not in THEME_NAMES:
        raise ValueError(f"no theme “{name}”; there are {', '.join(THEME_NAMES)}")
    _follow_system(app, name == "system")
    return _apply(app, _system_theme(app) if name == "system" else {"dark": DARK, "light": LIGHT}[name])


def contrast(first: str, second: str) -> float:
    """The contrast of two colours by WCAG 2.2, 1..21."""
    bright, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    channels = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _apply(app: QApplication, theme: Theme) -> Theme:
    global _current
    _current = theme
    app.setStyle("Fusion")
    app.setPalette(_palette(theme))
    app.setStyleSheet(_style_sheet(theme))
    return theme


def _system_theme(app: QApplication) -> Theme:
    return LIGHT if app.styleHints().colorScheme() is Qt.ColorScheme.Light else DARK


def _follow_system(app: QApplication, follows: bool) -> None:
    if app.property(_FOLLOWS) is None:
        app.styleHints().colorSchemeChanged.connect(_system_changed)
    app.setProperty(_FOLLOWS, follows)


_FOLLOWS = "bsgui_follows_system_theme"


def _system_changed() -> None:
    app = QApplication.instance()
    if isinstance(app, QApplication) and app.property(_FOLLOWS):
        _apply(app, _system_theme(app))


def _palette(theme: Theme) -> QPalette:
    role = QPalette.ColorRole
    colors = {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.base,
        role.AlternateBase: theme.window,
        role.Text: theme.text,
        role.PlaceholderText: theme.quiet,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.BrightText: theme.error,
        role.ToolTipBase: theme.overlay,
        role.ToolTipText: theme.on_overlay,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent,
        role.Accent: theme.accent,
        role.Link: theme.focus,
        role.LinkVisited: theme.focus,
        role.Light: theme.hover,
        role.Midlight: theme.raised,
        role.Mid: theme.border,
        role.Dark: theme.border,
        role.Shadow: theme.pressed,
    }
    palette = QPalette()
    for where, color in colors.items():
        palette.setColor(where, QColor(color))
    for where in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, where, QColor(theme.disabled))
    palette.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(theme.border))
    return palette


def _style_sheet(theme: Theme) -> str:
    sheet = _SHEET.replace("$controls", resource("icons/controls").as_posix())
    for field, color in vars(theme).items():
        sheet = sheet.replace(f"${field};", f"{color};").replace(f"${field} ", f"{color} ")
    return sheet


# Distances are multiples of 4 px; a row is 8 px of air and its text.
_SHEET = """
QToolTip { background: $overlay; color: $on_overlay; border: 1px solid $border; padding: 4px 8px; }

QMainWindow::separator { background: $border; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: $focus; }
QDockWidget { titlebar-close-icon: none; }
QDockWidget::title { background: $window; padding: 8px; border-bottom: 1px solid $border; }

QMenuBar { background: $window; padding: 2px 4px; border-bottom: 1px solid $border; }
QMenuBar::item { padding: 4px 8px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected { background: $hover; }
QFrame#popover { background: $window; border: 1px solid $disabled; }
QMenu { background: $window; border: 1px solid $border; padding: 4px; }
QMenu::item { padding: 6px 24px 6px 8px; border-radius: 4px; }
QMenu::icon { padding-left: 8px; }
QMenu::item:selected { background: $accent; color: $on_accent; }
QMenu::item:disabled { color: $disabled; background: transparent; }
QMenu::separator { height: 1px; background: $border; margin: 4px 8px; }

QToolBar { background: $window; border: none; border-bottom: 1px solid $border; padding: 4px; spacing: 4px; }
QToolBar::separator { background: $border; width: 1px; margin: 4px; }
QStatusBar { background: $window; border-top: 1px solid $border; }
QStatusBar::item { border: none; }

QPushButton { background: $raised; border: 1px solid $border; border-radius: 4px; padding: 5px 12px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed, QPushButton:checked { background: $pressed; }
QPushButton:focus { border: 1px solid $focus; }
QPushButton:disabled { color: $disabled; }
QPushButton[primary="true"], QPushButton:default { background: $accent; color: $on_accent; border-color: $accent; }
QPushButton[primary="true"]:hover, QPushButton:default:hover { border-color: $focus; }
QPushButton[primary="true"]:pressed, QPushButton:default:pressed { background: $pressed; color: $text; }
QPushButton[primary="true"]:focus, QPushButton:default:focus { border: 1px solid $on_accent; }
QPushButton[primary="true"]:disabled { background: $raised; color: $disabled; border-color: $border; }

QToolButton { background: transparent; border: 1px solid transparent; border-radius: 4px; padding: 3px; }
QToolButton:hover { background: $hover; }
QToolButton:pressed, QToolButton:checked { background: $pressed; border-color: $border; }
QToolButton:focus { border-color: $focus; }
QToolButton#layerEye:checked:!pressed:!hover:!focus { background: transparent; border-color: transparent; }

QLineEdit, QPlainTextEdit, QTextEdit, QTextBrowser {
    background: $base; border: 1px solid $border; border-radius: 4px; padding: 3px 6px;
    selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QTextBrowser:focus { border-color: $focus; }
QLineEdit:disabled { color: $disabled; }

QComboBox, QAbstractSpinBox {
    background: $base; border: 1px solid $border; border-radius: 4px; padding: 3px 6px; min-height: 18px;
    selection-background-color: $accent; selection-color: $on_accent; }
QComboBox:hover, QAbstractSpinBox:hover { border-color: $quiet; }
QComboBox:focus, QAbstractSpinBox:focus { border-color: $focus; }
QComboBox:disabled, QAbstractSpinBox:disabled { color: $disabled; background: $window; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox::down-arrow { image: url("$controls/arrow-down.svg"); width: 10px; height: 10px; }
QComboBox QAbstractItemView::item { min-height: 24px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { border: none; width: 18px; background: transparent; }
QAbstractSpinBox::up-button { subcontrol-position: top right; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; }
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover { background: $hover; }
QAbstractSpinBox::up-arrow { image: url("$controls/arrow-up.svg"); width: 8px; height: 8px; }
QAbstractSpinBox::down-arrow { image: url("$controls/arrow-down.svg"); width: 8px; height: 8px; }

QCheckBox { spacing: 6px; }
QCheckBox::indicator { width: 12px; height: 12px; background: $base; border: 1px solid $quiet; border-radius: 3px; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent; image: url("$controls/check.svg"); }
QCheckBox::indicator:hover, QCheckBox::indicator:focus { border-color: $focus; }
QCheckBox::indicator:disabled { background: $window; border-color: $disabled; }
QCheckBox::indicator:checked:disabled { background: $disabled; }

QAbstractItemView { background: $base; border: 1px solid $border; border-radius: 4px; outline: none; }
QAbstractItemView:focus { border-color: $focus; }
QHeaderView::section { background: $window; border: none; border-bottom: 1px solid $border; padding: 4px 8px; }

QTabBar::tab { background: transparent; color: $quiet; padding: 6px 12px; border-bottom: 2px solid transparent; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $focus; }
QTabBar::tab:focus { background: $raised; }
QTabWidget::pane { border: none; border-top: 1px solid $border; }

QProgressBar { background: $base; border: 1px solid $border; border-radius: 4px; text-align: center; min-height: 18px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }

QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle { background: $border; border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 24px; }
QScrollBar::handle:horizontal { min-width: 24px; }
QScrollBar::handle:hover { background: $quiet; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QSlider::groove:horizontal { background: $base; border: 1px solid $border; height: 4px; border-radius: 3px; }
QSlider::handle:horizontal {
    background: $text; border: 1px solid $border; width: 12px; height: 12px; margin: -5px 0; border-radius: 7px; }
QSlider::handle:horizontal:hover { background: $focus; }
QSlider::handle:horizontal:focus { border: 2px solid $focus; }
QSlider::handle:horizontal:disabled { background: $disabled; }

QGroupBox { border: none; border-top: 1px solid $border; margin-top: 16px; padding-top: 8px; font-weight: 600; }
QGroupBox::title { subcontrol-origin: margin; left: 0; padding-right: 8px; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QLabel[quiet="true"] { color: $quiet; }
QLabel[italic="true"] { font-style: italic; }
QSplitter::handle { background: $border; }
"""
