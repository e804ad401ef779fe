"""What each branch of the open photo is an expert in, in figures."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from bsgui.core.decomposition import Decomposition
from bsgui.core.document import Document
from bsgui.core.layer_measures import LayerMeasures, measure_layers
from bsgui.ui.bridge import LatestJob
from bsgui.ui.canvas.throttle import Throttle
from bsgui.ui.described import text_button

from .heat_map import HeatMap, PlaceMaps

_COLOURS = ("Light", "Blue–yellow", "Red–green")
_SHORT = ("Share", "Light", "B–Y", "R–G", "Sign")
_SOON_MS = 200
_EMPTY = "Decompose a photo to see what each branch holds."


class AnalysisPanel(QScrollArea):
    """Measures the branches of each new decomposition off the GUI thread, and only while it is shown.

    Args:
        document: whose branches.
        parent: Qt parent.

    Thread: GUI.
    """

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._measured: Decomposition | None = None
        self.measures: LayerMeasures | None = None
        self.job = LatestJob("analysis", self)
        self.job.finished.connect(self._show)
        self.summary = QLabel(_EMPTY)
        self.summary.setWordWrap(True)
        self.overview = HeatMap("Share, polarity and colour of each branch")
        self.correlation = HeatMap("Correlation of branches")
        self.bands = HeatMap("Octave bands of each branch", 0.7)
        self.places = PlaceMaps("Where each branch is strong")
        self._set_up()
        self._soon = Throttle(self, _SOON_MS, self._measure)
        document.decomposition_changed.connect(self._on_decomposition)
        document.content_changed.connect(self._on_content)

    def sizeHint(self) -> QSize:
        """Room for a matrix of eight branches."""
        return QSize(380, 480)

    def stop(self, timeout: float) -> bool:
        """Stop measuring; whether the thread has ended."""
        return self.job.close(timeout)

    def copy(self) -> None:
        """Put all figures on the clipboard as a table."""
        if self.measures is not None:
            QGuiApplication.clipboard().setText(measures_table(self.measures))

    # ---- parts ---------------------------------------------------------------------------------------------

    def _set_up(self) -> None:
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setAccessibleName("Analysis")
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(4)
        column.addWidget(self.summary)
        self._figures = QWidget()
        column.addWidget(self._figures)
        column.addStretch(1)
        self._fill(QVBoxLayout(self._figures))
        self._figures.hide()
        self.setWidget(content)

    def _fill(self, column: QVBoxLayout) -> None:
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        parts = (
            ("Share, colour and sign", "Share of the branches’ energy; how much of a branch is light, blue–yellow "
             "(B–Y), red–green (R–G); whether it mostly adds light (+) or takes it away (−).", self.overview),
            ("Correlation", "Orange: two branches rise and fall together; blue: one takes what the other adds. "
             "Good layers are faint off the diagonal.", self.correlation),
            ("Size of structures", "Where a branch’s light is, by the size of structures in pixels of the measured "
             "copy; rows add up to 1.", self.bands),
            ("Place", "Where a branch is stronger (orange) or weaker (blue) than its mean.", self.places),
        )  # fmt: skip
        for title, explanation, widget in parts:
            heading = QLabel(f"<b>{title}</b>")
            note = QLabel(explanation)
            note.setProperty("quiet", True)
            note.setWordWrap(True)
            for part in (heading, widget, note):
                column.addWidget(part)
            column.addSpacing(8)
        self.copy_button = text_button("Copy Figures", "Copy all figures as a table")
        self.copy_button.clicked.connect(self.copy)
        column.addWidget(self.copy_button, 0, Qt.AlignmentFlag.AlignLeft)

    # ---- content -------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up on what happened while hidden."""
        super().showEvent(event)
        self._measure()

    def _on_decomposition(self) -> None:
        self._forget()
        self._measure()

    def _on_content(self) -> None:
        # The same layers with other pixels: what is shown stays until the new figures are there.
        self._measured = None
        self._soon.request()

    def _forget(self) -> None:
        self.job.cancel()
        self._measured = self.measures = None
        self._figures.hide()
        self.summary.setText(_EMPTY)

    def _measure(self) -> None:
        decomposition = self._document.decomposition
        if decomposition is None or decomposition is self._measured or not self.isVisible():
            return
        self._measured = decomposition
        if self.measures is None:
            self.summary.setText("Measuring…")
        self.job.run(lambda report, cancel: measure_layers(decomposition, cancel))

    def _show(self, measures: LayerMeasures) -> None:
        self.measures = measures
        self.summary.setText(_summary(measures))
        names, polarity = measures.names, np.clip(measures.skewness, -10, 10)
        overview = np.column_stack([measures.shares, measures.colours, polarity])
        self.overview.show_values(overview, names, _SHORT)
        self.correlation.show_values(measures.correlation, names, names)
        self.bands.show_values(measures.bands, names, band_names(measures.bands.shape[1]))
        self.places.show_maps(measures.places, names)
        self._figures.show()


def band_names(count: int) -> tuple[str, ...]:
    """Octave bands from fine to coarse, by the size of what is in them, pixels."""
    return (*(f"{2**i}–{2 ** (i + 1)}" for i in range(count - 1)), f">{2 ** (count - 1)}")


def measures_table(measures: LayerMeasures) -> str:
    """All figures of each branch, tab-separated, one branch a line."""
    bands = band_names(measures.bands.shape[1])
    heads = [
        "Branch",
        "Share",
        *_COLOURS,
        "Polarity",
        *(f"{x} px" for x in bands),
        *(f"Correlation with {x}" for x in measures.names),
    ]
    columns = [measures.shares, measures.colours, measures.skewness, measures.bands, measures.correlation]
    rows = ["\t".join(heads)]
    for name, values in zip(measures.names, np.column_stack(columns), strict=True):
        rows.append("\t".join([name.replace("\t", " "), *(f"{x:.4f}" for x in values)]))
    return "\n".join(rows) + "\n"


def _summary(measures: LayerMeasures) -> str:
    return (
        f"Measured on {measures.width} × {measures.height} pixels. Mean likeness of two branches "
        f"{measures.redundancy:.2f} (low is good); cancellation {measures.cancellation:.2f} (near 1: branches add up "
        "and do not fight)."
    )
