"""Widgets with what a tooltip and a screen reader say about them."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtWidgets import QToolButton, QWidget

from .icons import icon

W = TypeVar("W", bound=QWidget)


def described(widget: W, name: str, tooltip: str = "") -> W:
    """The widget, with an accessible name and a tooltip."""
    widget.setAccessibleName(name)
    widget.setToolTip(tooltip)
    return widget


def icon_button(picture: str, name: str, tooltip: str = "", checkable: bool = False) -> QToolButton:
    """A flat button with an icon of ours; without a tooltip of its own the name is the tooltip."""
    button = described(QToolButton(), name, tooltip or name)
    button.setIcon(icon(picture))
    button.setAutoRaise(True)
    button.setCheckable(checkable)
    return button


def text_button(text: str, tooltip: str, checkable: bool = False) -> QToolButton:
    """A flat button with a word on it."""
    button = described(QToolButton(), text, tooltip)
    button.setText(text)
    button.setAutoRaise(True)
    button.setCheckable(checkable)
    return button
