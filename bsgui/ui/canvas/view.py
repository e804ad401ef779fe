"""The canvas: shows a document's picture, at any zoom, and lets the person move it."""

from __future__ import annotations

import math

from PySide6.QtCore import QCoreApplication, QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from bsgui.core.document import Document
from bsgui.core.pyramid import Pyramid
from bsgui.tasks.background import ask_for_room
from bsgui.ui.theme import current_theme

from .caption import caption
from .gestures import Gestures, is_pinch
from .painting import logical, paint_border, paint_caption, paint_grid, paint_split, paint_surround
from .pictures import ClippingCount, chosen_picture, photo_picture
from .placement import DeviceRect, Placement, clamp_centre, clamp_zoom, fit_zoom
from .pyramid_loader import PyramidLoader
from .readout import read_pixel
from .renderer import Part, Renderer
from .split import Split
from .view_state import ViewState

_MARGIN = 16
# Seconds: a picture, and what else a drag changes in the window.
_ROOM = 0.02


class CanvasView(QWidget):
    """A document's picture under a :class:`ViewState`.

    Only the pixels in view are computed, at the screen's own resolution, once per repaint however many edits
    came before it. ``zoom`` counts screen pixels per photo pixel, so 100 % is sharp on any screen.

    Args:
        document: what is shown; its events are listened to until :meth:`shutdown`.
        parent: Qt parent.

    Signals:
        zoom_changed(float), view_changed(): those of :attr:`state`.
        pixel_hovered(PixelReadout | None): the pointer is on a photo pixel, or that pixel's values changed;
            None when it left the photo.
        picture_changed(): the picture, the part in view or the look changed; comes with each edit.
        clipped_changed(float): share of the pixels in view that are clipped, 0..1; while clipping is shown.

    Thread: GUI. Whoever owns the window calls :meth:`shutdown` when it closes.
    """

    zoom_changed = Signal(float)
    view_changed = Signal()
    pixel_hovered = Signal(object)
    picture_changed = Signal()
    clipped_changed = Signal(float)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.state = ViewState(self)
        self._renderer = Renderer()
        self._loader = PyramidLoader()
        self._gestures = Gestures(self)
        self._clipping = ClippingCount()
        self._pointer: QPointF | None = None
        self._is_stale = True
        self._is_closed = False
        self._refining = QTimer(self, interval=0, singleShot=True)
        self._refining.timeout.connect(self._refine)
        self._hovering = QTimer(self, interval=0, singleShot=True)
        self._hovering.timeout.connect(self._tell_pixel)
        self._set_up_widget()
        self._connect()
        self._photo_changed()

    def _set_up_widget(self) -> None:
        self.setAccessibleName(self.tr("Picture"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(160, 120)

    def _connect(self) -> None:
        self.state.view_changed.connect(self._refresh)
        self.state.view_changed.connect(self.view_changed)
        self.state.zoom_changed.connect(self.zoom_changed)
        self._loader.built.connect(self._refresh)
        self.document.photo_changed.connect(self._photo_changed)
        self.document.decomposition_changed.connect(self._decomposition_changed)
        self.document.content_changed.connect(self._refresh)
        self.document.stack_changed.connect(self._refresh)
        app = QCoreApplication.instance()
        if app is not None:
            app.aboutToQuit.connect(self.shutdown)

    def shutdown(self) -> None:
        """Stop listening and end all threads (well below a second); nothing is drawn afterwards. May be repeated."""
        self.document.photo_changed.disconnect(self._photo_changed)
        self.document.decomposition_changed.disconnect(self._decomposition_changed)
        self.document.content_changed.disconnect(self._refresh)
        self.document.stack_changed.disconnect(self._refresh)
        self._loader.close()
        self._renderer.close()
        self._is_closed = True

    # ---- what is where -------------------------------------------------------------------------------------

    @property
    def placement(self) -> Placement | None:
        """Where the photo is on the canvas, in device pixels; None without a photo."""
        photo = self.document.photo
        if photo is None:
            return None
        return Placement(self._device_size(), (photo.width, photo.height), self.state.zoom, self.state.centre)

    @property
    def visible_photo_rect(self) -> QRectF:
        """The part of the photo in view, in photo pixels; null without a photo."""
        placement = self.placement
        if placement is None or placement.visible.is_empty:
            return QRectF()
        visible = placement.visible
        left, top = placement.to_photo(visible.left, visible.top)
        right, bottom = placement.to_photo(visible.right, visible.bottom)
        return QRectF(left, top, right - left, bottom - top)

    @property
    def clipped_share(self) -> float:
        """The share of the pixels in view that are clipped, 0..1; 0 while clipping is not shown."""
        return self._clipping.share

    @property
    def is_sharp(self) -> bool:
        """Whether everything in view is painted at full resolution and up to date."""
        return not self._is_stale and self._renderer.is_sharp

    def _device_size(self) -> tuple[int, int]:
        ratio = self.devicePixelRatioF()
        return max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))

    # ---- moving --------------------------------------------------------------------------------------------

    def fit(self) -> None:
        """Show the whole photo, and keep doing so when the window is resized."""
        photo = self.document.photo
        if photo is not None:
            size = (photo.width, photo.height)
            zoom = fit_zoom(self._device_size(), size, round(_MARGIN * self.devicePixelRatioF()))
            self.state.set_view(zoom, (photo.width / 2, photo.height / 2), fits=True)

    def actual_size(self, at: QPointF | None = None) -> None:
        """Show at 100 %: one photo pixel is one screen pixel."""
        self.zoom_to(1.0, at)

    def zoom_in(self) -> None:
        """Zoom to the next stop up."""
        self.zoom_to(self.state.next_zoom(+1))

    def zoom_out(self) -> None:
        """Zoom to the next stop down."""
        self.zoom_to(self.state.next_zoom(-1))

    def zoom_to(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom within the limits.

        Args:
            zoom: screen pixels per photo pixel.
            at: the point, in widget pixels, that stays where it is; None for the middle.
        """
        placement = self.placement
        if placement is None:
            return
        zoom = clamp_zoom(zoom, fit_zoom(placement.canvas, placement.photo, 0))
        ratio = self.devicePixelRatioF()
        middle = (placement.canvas[0] / 2, placement.canvas[1] / 2)
        anchor = middle if at is None else (at.x() * ratio, at.y() * ratio)
        self._look_at(placement.zoomed(zoom, anchor), zoom)

    def pan_by(self, dx: float, dy: float) -> None:
        """Move the picture by widget pixels, as the hand that drags it."""
        step = self.devicePixelRatioF() / self.state.zoom
        x, y = self.state.centre
        self._look_at((x - dx * step, y - dy * step), self.state.zoom)

    def centre_on(self, x: float, y: float) -> None:
        """Bring a photo point (photo pixels) to the middle, as far as the limits allow."""
        self._look_at((x, y), self.state.zoom)

    def _look_at(self, centre: tuple[float, float], zoom: float) -> None:
        placement = self.placement
        if placement is not None:
            self.state.set_view(zoom, clamp_centre(centre, placement.canvas, placement.photo, zoom))

    # ---- split line ----------------------------------------------------------------------------------------

    def split_distance(self, at: QPointF) -> float | None:
        """How far a point is from the split line, in widget pixels; None when there is no line."""
        return self._split.distance(at, self.size()) if self._split else None

    def drag_split_to(self, at: QPointF) -> None:
        """Put the split line at a point, in widget pixels."""
        if self._split:
            self.state.split = self._split.position_at(at, self.size())

    @property
    def _split(self) -> Split | None:
        state = self.state
        if state.split is None or state.before or self.document.decomposition is None:
            return None
        return Split(state.split, state.split_orientation)

    # ---- drawing -------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        self._is_stale = True
        self._hovering.start()
        self.update()
        self.picture_changed.emit()

    def _photo_changed(self) -> None:
        self.state.solo_layer_id = None
        self._renderer.clear()
        self.fit()
        self._load_pyramids()
        self._refresh()

    def _decomposition_changed(self) -> None:
        self._load_pyramids()
        self._refresh()

    def _load_pyramids(self) -> None:
        photo, decomposition = self.document.photo, self.document.decomposition
        pyramids = [Pyramid.of(photo.samples)] if photo else []
        pyramids += decomposition.source.pyramids if decomposition else ()
        # Held here, so that the photo's levels outlive one decomposition and serve the next.
        self._pyramids = pyramids
        self._loader.load(list(dict.fromkeys(pyramids)))

    def _parts(self, visible: DeviceRect) -> list[Part]:
        self._clipping = ClippingCount()
        picture = chosen_picture(self.document, self.state, self._clipping)
        photo = self.document.photo
        assert picture is not None
        assert photo is not None
        if self._split is None:
            return [Part(visible, picture)]
        rects = self._split.divide(visible, self._device_size())
        pictures = (photo_picture(photo), picture)
        return [Part(rect, picture) for rect, picture in zip(rects, pictures, strict=True) if not rect.is_empty]

    def _render(self, placement: Placement) -> None:
        self._is_stale = False
        if placement.visible.is_empty:
            self._renderer.clear()
            return
        ask_for_room(_ROOM)
        self._renderer.start(placement, self._parts(placement.visible))
        self._after_drawing()

    def _refine(self) -> None:
        if self._is_stale or self._renderer.is_sharp:
            return
        changed = logical(self._renderer.refine(), self.devicePixelRatioF())
        self.update(changed.toAlignedRect())
        self._after_drawing()

    def _after_drawing(self) -> None:
        if not self._renderer.is_sharp:
            self._refining.start()
        elif self.state.shows_clipping:
            self.clipped_changed.emit(self._clipping.share)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture if it is out of date, then paint it."""
        theme, ratio, placement = current_theme(), self.devicePixelRatioF(), self.placement
        painter = QPainter(self)
        if placement is None:
            self._is_stale = False
            painter.fillRect(self.rect(), QColor(theme.surround))
            return
        if self._is_stale and not self._is_closed:
            self._render(placement)
        paint_surround(painter, placement, ratio, self.rect(), theme)
        image = self._renderer.image
        if image is not None:
            painter.drawImage(logical(self._renderer.rect, ratio), image)
        paint_grid(painter, placement, ratio)
        paint_border(painter, placement, ratio, theme)
        if self._split:
            labels = (self.tr("Photo"), self.tr("Layers"))
            paint_split(painter, self._split.line(self.size()), labels, theme)
        paint_caption(painter, caption(self.document, self.state), self.height(), theme)

    # ---- pointer and keys ----------------------------------------------------------------------------------

    def _tell_pixel(self) -> None:
        placement = self.placement
        if placement is None or self._pointer is None:
            self.pixel_hovered.emit(None)
            return
        ratio = self.devicePixelRatioF()
        x, y = placement.to_photo(self._pointer.x() * ratio, self._pointer.y() * ratio)
        self.pixel_hovered.emit(read_pixel(self.document, self.state, math.floor(x), math.floor(y)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Grip."""
        event.setAccepted(self._gestures.press(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, drag the split line, or just look."""
        self._pointer = event.position()
        self._gestures.move(event)
        self._hovering.start()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        event.setAccepted(self._gestures.release(event))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fit or 100 %."""
        event.setAccepted(self._gestures.double_click(event))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom."""
        self._pointer = event.position()
        event.setAccepted(self._gestures.wheel(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that act on the canvas when no action of the window has taken them."""
        if not self._gestures.key_press(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """End of a held key."""
        if not self._gestures.key_release(event):
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Nothing stays held."""
        self._gestures.let_go()
        super().focusOutEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer is on no pixel any more."""
        self._pointer = None
        self._hovering.start()
        super().leaveEvent(event)

    def event(self, event: QEvent) -> bool:
        """Pinching, and a change of the screen's resolution."""
        if is_pinch(event) and isinstance(event, QNativeGestureEvent):
            return self._gestures.pinch(event)
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._keep_view()
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        """Repaint in a new theme's colours."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.update()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep fitting, or keep the middle in the middle."""
        self._keep_view()
        super().resizeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """As a window of its own, it ends its thread."""
        self.shutdown()
        super().closeEvent(event)

    def sizeHint(self) -> QSize:
        """Room for a picture."""
        return QSize(960, 640)

    def _keep_view(self) -> None:
        if self.state.fits:
            self.fit()
        else:
            self._look_at(self.state.centre, self.state.zoom)
        self._refresh()
