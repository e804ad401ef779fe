"""How the picture is looked at: zoom, centre, look, solo, before/after. Never part of a document or of undo."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QObject, Qt, Signal

from bsgui.core.layer_view import LayerView

ZOOM_MIN, ZOOM_MAX = 1 / 32, 32.0
ZOOM_STEPS = (
    *(1 / 32, 1 / 24, 1 / 16, 1 / 12, 1 / 8, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3),
    *(1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0),
)
"""The zooms that zooming by key stops at."""

BOOST_MIN, BOOST_MAX = 1.0, 16.0


class Look(Enum):
    """What the canvas shows: the picture, or the selected layer alone in one of three looks."""

    COMPOSITE = "composite"
    GREY = "grey"
    MAGNITUDE = "magnitude"
    SIGNED = "signed"

    @property
    def layer_view(self) -> LayerView | None:
        """The core's name for it; None for the composite."""
        return None if self is Look.COMPOSITE else LayerView(self.value)


class ViewState(QObject):
    """Settings of one canvas, with signals. Setting a value it has already does nothing.

    Thread: GUI.

    Signals:
        view_changed(): anything below changed.
        zoom_changed(float): screen pixels per photo pixel; 1.0 is 100 %.
        look_changed(Look), selection_changed(str | None), solo_changed(str | None), before_changed(bool),
        split_changed(float | None), clipping_changed(bool): one thing changed.
    """

    view_changed = Signal()
    zoom_changed = Signal(float)
    look_changed = Signal(object)
    selection_changed = Signal(object)
    solo_changed = Signal(object)
    before_changed = Signal(bool)
    split_changed = Signal(object)
    clipping_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = Look.COMPOSITE
        self._selected: str | None = None
        self._solo: str | None = None
        self._before = False
        self._split: float | None = None
        self._split_orientation = Qt.Orientation.Horizontal
        self._shows_clipping = False
        self._boost = 2.0
        self._zoom = 1.0
        self._centre = (0.5, 0.5)
        self._fits = True

    @property
    def look(self) -> Look:
        """The picture, or the selected layer alone; a layer look without a selected layer shows the picture."""
        return self._look

    @look.setter
    def look(self, look: Look) -> None:
        if look is not self._look:
            self._look = look
            self.look_changed.emit(look)
            self.view_changed.emit()

    @property
    def selected_layer_id(self) -> str | None:
        """The layer that layer looks and the pixel readout speak of."""
        return self._selected

    @selected_layer_id.setter
    def selected_layer_id(self, layer_id: str | None) -> None:
        if layer_id != self._selected:
            self._selected = layer_id
            self.selection_changed.emit(layer_id)
            self.view_changed.emit()

    @property
    def solo_layer_id(self) -> str | None:
        """The one layer the composite is made of, or None for all that are visible."""
        return self._solo

    @solo_layer_id.setter
    def solo_layer_id(self, layer_id: str | None) -> None:
        if layer_id != self._solo:
            self._solo = layer_id
            self.solo_changed.emit(layer_id)
            self.view_changed.emit()

    @property
    def before(self) -> bool:
        """Whether the photo is shown as it was opened, whatever the look."""
        return self._before

    @before.setter
    def before(self, before: bool) -> None:
        if before != self._before:
            self._before = before
            self.before_changed.emit(before)
            self.view_changed.emit()

    @property
    def split(self) -> float | None:
        """Where the split line stands, 0..1 of the canvas: photo on one side, layers on the other; None is off."""
        return self._split

    @split.setter
    def split(self, split: float | None) -> None:
        split = None if split is None else min(max(split, 0.0), 1.0)
        if split != self._split:
            self._split = split
            self.split_changed.emit(split)
            self.view_changed.emit()

    @property
    def split_orientation(self) -> Qt.Orientation:
        """Horizontal: photo left, layers right. Vertical: photo above, layers below."""
        return self._split_orientation

    @split_orientation.setter
    def split_orientation(self, orientation: Qt.Orientation) -> None:
        if orientation != self._split_orientation:
            self._split_orientation = orientation
            self.view_changed.emit()

    @property
    def shows_clipping(self) -> bool:
        """Whether pixels that leave black..white are marked."""
        return self._shows_clipping

    @shows_clipping.setter
    def shows_clipping(self, shows: bool) -> None:
        if shows != self._shows_clipping:
            self._shows_clipping = shows
            self.clipping_changed.emit(shows)
            self.view_changed.emit()

    @property
    def boost(self) -> float:
        """By how much the magnitude and signed looks brighten a layer, 1..16; most layers are faint."""
        return self._boost

    @boost.setter
    def boost(self, boost: float) -> None:
        boost = min(max(boost, BOOST_MIN), BOOST_MAX)
        if boost != self._boost:
            self._boost = boost
            self.view_changed.emit()

    @property
    def zoom(self) -> float:
        """Screen (device) pixels per photo pixel."""
        return self._zoom

    @property
    def centre(self) -> tuple[float, float]:
        """The photo coordinates, in photo pixels, at the middle of the canvas."""
        return self._centre

    @property
    def fits(self) -> bool:
        """Whether the zoom follows the size of the window so that the whole photo shows."""
        return self._fits

    def set_view(self, zoom: float, centre: tuple[float, float], fits: bool = False) -> None:
        """Move and zoom in one step; called by the canvas, which knows the limits."""
        if (zoom, centre, fits) == (self._zoom, self._centre, self._fits):
            return
        zoomed = zoom != self._zoom
        self._zoom, self._centre, self._fits = zoom, centre, fits
        if zoomed:
            self.zoom_changed.emit(zoom)
        self.view_changed.emit()

    def toggle_solo(self, layer_id: str) -> None:
        """Solo the layer; if it is the one already, show all visible layers again."""
        self.solo_layer_id = None if self._solo == layer_id else layer_id

    def toggle_split(self) -> None:
        """Show the split line in the middle, or hide it."""
        self.split = 0.5 if self._split is None else None

    def next_zoom(self, direction: int) -> float:
        """The next stop up (+1) or down (-1) from the present zoom."""
        if direction > 0:
            return next((x for x in ZOOM_STEPS if x > self._zoom * 1.001), ZOOM_MAX)
        return next((x for x in reversed(ZOOM_STEPS) if x < self._zoom / 1.001), ZOOM_MIN)
