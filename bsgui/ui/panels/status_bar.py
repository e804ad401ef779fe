"""The line at the bottom: pixel under the pointer, exactness, fidelity, size, zoom."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontDatabase, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStatusBar, QWidget

from bsgui.core.document import Document
from bsgui.ui.canvas.readout import PixelReadout
from bsgui.ui.canvas.view_state import ViewState
from bsgui.ui.controllers.exactness import ExactnessProbe
from bsgui.ui.layers.elided_label import ElidedLabel

_EXACT_LSB = 1e-3
_ROOM_FOR_FIDELITY = 1150
_FIDELITY = "How close the network alone, without the residual layer, comes to the photo"


class StatusBar(QStatusBar):
    """Shows figures; nothing here can be clicked."""

    def __init__(
        self, document: Document, view: ViewState, probe: ExactnessProbe, busy_bars: Sequence[QWidget] = ()
    ) -> None:
        super().__init__()
        self._document, self._view = document, view
        self.setSizeGripEnabled(False)
        self.readout = ElidedLabel("")
        self.readout.setContentsMargins(8, 0, 0, 0)
        self.readout.setFont(_figures(self.readout))
        self.readout.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.readout.setAccessibleName("Pixel under the pointer")
        self.exactness = self._part("How far the sum of all layers, as they came, is from the photo at its worst pixel")
        self.fidelity = self._part(_FIDELITY)
        self.size_text = self._part("Size of the photo")
        self.zoom_text = self._part("Zoom: screen pixels per photo pixel")
        self.zoom_text.setMinimumWidth(self.fontMetrics().horizontalAdvance("3200 %") + 8)
        self.addWidget(self.readout, 1)
        for label in (*busy_bars, self.exactness, self.fidelity, self.size_text, self.zoom_text):
            self.addPermanentWidget(label)
        probe.measured.connect(self._show_exactness)
        probe.forgotten.connect(self._forget_exactness)
        view.zoom_changed.connect(self._show_zoom)
        document.photo_changed.connect(self._show_photo)
        document.decomposition_changed.connect(self._show_fidelity)
        document.content_changed.connect(self._show_fidelity)
        document.figures_changed.connect(self._show_fidelity)
        self._show_photo()
        self._show_fidelity()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the pixel under the pointer matters more than the fidelity, which never changes."""
        self.fidelity.setVisible(self.width() >= _ROOM_FOR_FIDELITY)
        super().resizeEvent(event)

    def show_readout(self, readout: PixelReadout | None) -> None:
        """The figures of a pixel; None when the pointer is elsewhere."""
        self.readout.setText("" if readout is None else self._readout_text(readout))

    @staticmethod
    def _readout_text(readout: PixelReadout) -> str:
        parts = [f"{readout.x}, {readout.y}", f"Photo {_rgb(readout.photo)}"]
        if readout.composite is not None:
            parts.append(f"Layers {_rgb(readout.composite)}")
        if readout.layer is not None:
            parts.append(f"{readout.layer_name} {_signed(readout.layer)}")
        return "   ".join(parts)

    def _show_exactness(self, error_lsb: float) -> None:
        exact = error_lsb < _EXACT_LSB
        figure = "0" if exact else f"{error_lsb:.2g}"
        self.exactness.setText(f"Σ {'=' if exact else '≈'} photo · max error {figure}/255")
        self.exactness.setProperty("exact", exact)

    def _forget_exactness(self) -> None:
        there = self._document.decomposition is not None
        self.exactness.setText("Σ …" if there else "")

    def _show_fidelity(self) -> None:
        decomposition = self._document.decomposition
        psnr = math.nan if decomposition is None else decomposition.psnr_without_residual_db
        if math.isnan(psnr):
            self.fidelity.setText("")
        elif math.isinf(psnr):
            self.fidelity.setText("without residual exact")
        else:
            self.fidelity.setText(f"without residual {psnr:.1f} dB")
        framed = decomposition is not None and decomposition.provenance.frame is not None
        self.fidelity.setToolTip(f"{_FIDELITY}, in the framed part" if framed else _FIDELITY)

    def _show_photo(self) -> None:
        photo = self._document.photo
        text = "" if photo is None else f"{photo.width} × {photo.height} · {8 if photo.white == 255 else 16} bit"
        self.size_text.setText(text)
        self._show_zoom(self._view.zoom)
        self.show_readout(None)

    def _show_zoom(self, zoom: float) -> None:
        digits = 1 if zoom < 0.1 else 0
        self.zoom_text.setText("" if self._document.photo is None else f"{zoom * 100:.{digits}f} %")

    def _part(self, tooltip: str) -> QLabel:
        label = QLabel()
        label.setToolTip(tooltip)
        label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        label.setContentsMargins(8, 0, 4, 0)
        return label


def _figures(label: QLabel) -> QFont:
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPointSizeF(label.font().pointSizeF())
    return font


def _rgb(values: tuple[int, int, int]) -> str:
    return " ".join(f"{x:3d}" for x in values)


def _signed(values: tuple[float, float, float]) -> str:
    return " ".join(f"{x:+.1f}" for x in values).replace("-", "−")
