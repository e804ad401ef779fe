"""The words in the canvas's corner, whenever it shows something else than the whole composite."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from bsgui.core.document import Document

from .pictures import layer_or_none, looked_at
from .view_state import Look, ViewState


def caption(document: Document, state: ViewState) -> str:
    """What is shown, in a few words; empty for the whole composite, and for a photo without layers."""
    if document.decomposition is None:
        return ""
    if state.before:
        return _tr("Photo")
    layer = looked_at(document, state)
    if layer is None:
        solo = layer_or_none(document.stack, state.solo_layer_id)
        return _tr("Solo: {0}").format(solo.name) if solo else ""
    if state.look is Look.GREY:
        return _tr("{0} over grey").format(layer.name)
    # Both looks double a value, and grey stands half-way to white.
    steps = round(127.5 / state.boost)
    if state.look is Look.MAGNITUDE:
        return _tr("{0}: magnitude, white at {1} of 255").format(layer.name, steps)
    return _tr("{0}: orange adds, blue takes away, full at ±{1} of 255").format(layer.name, steps)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Canvas", text)
