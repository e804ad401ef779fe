"""What the program is, and whose work it stands on."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLabel, QTextBrowser, QVBoxLayout, QWidget

from bsgui import __version__
from bsgui.core.model_card import ModelCard
from bsgui.ui.described import described
from bsgui.ui.icons import icon

_LIBRARIES = (
    ("PySide6-Essentials", "Qt for Python", "LGPL-3.0", "https://www.qt.io/qt-for-python"),
    ("torch", "PyTorch", "BSD-3-Clause", "https://pytorch.org"),
    ("numpy", "NumPy", "BSD-3-Clause", "https://numpy.org"),
    ("opencv-python-headless", "OpenCV", "Apache-2.0", "https://opencv.org"),
    ("pillow", "Pillow", "MIT-CMU", "https://python-pillow.github.io"),
    ("pyqtgraph", "PyQtGraph", "MIT", "https://www.pyqtgraph.org"),
    ("safetensors", "safetensors", "Apache-2.0", "https://github.com/huggingface/safetensors"),
    ("isal", "python-isal (Intel ISA-L)", "PSF-2.0, BSD-3-Clause", "https://github.com/pycompression/python-isal"),
    ("platformdirs", "platformdirs", "MIT", "https://github.com/tox-dev/platformdirs"),
    ("psutil", "psutil", "BSD-3-Clause", "https://github.com/giampaolo/psutil"),
    ("tqdm", "tqdm", "MPL-2.0 and MIT", "https://tqdm.github.io"),
)


class AboutDialog(QDialog):
    """Version, licences, and the credits of the installed models."""

    def __init__(self, cards: Sequence[ModelCard], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About bsgui")
        self.resize(540, 520)
        picture = QLabel()
        picture.setPixmap(icon("app").pixmap(QSize(56, 56)))
        title = QLabel(f"<h2 style='margin:0'>bsgui {__version__}</h2>Takes photos apart into layers that add up.")
        head = QHBoxLayout()
        head.setSpacing(14)
        head.addWidget(picture)
        head.addWidget(title, 1)
        self.text = described(QTextBrowser(openExternalLinks=True), "Licences and credits")
        self.text.setHtml(about_html(cards))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(self.text, 1)
        column.addWidget(buttons)


def about_html(cards: Sequence[ModelCard]) -> str:
    """The text of the box, as HTML."""
    rows = "".join(
        f"<tr><td><a href='{link}'>{name}</a>&nbsp;&nbsp;</td><td>{_version(package)}&nbsp;&nbsp;</td>"
        f"<td>{licence}</td></tr>"
        for package, name, licence, link in _LIBRARIES
    )
    models = "".join(_credits(card) for card in cards) or "<p>No model is installed.</p>"
    return (
        "<p>bsgui is free software under the MIT licence.</p>"
        f"<h3>Libraries</h3><table>{rows}</table>"
        f"<p>Python {platform.python_version()} (PSF-2.0). Qt is used under the LGPL, version 3: its libraries are "
        "separate files that you may replace. The licence texts come with each library.</p>"
        f"<h3>Models and their data</h3>{models}"
    )


def _credits(card: ModelCard) -> str:
    lines = "".join(f"<li>{escape(line)}</li>" for line in card.data)
    return f"<p><b>{escape(card.name)}</b>: {escape(card.licence)}</p><ul>{lines}</ul>"


def _version(package: str) -> str:
    from importlib import metadata  # Slow to import, for what is hardly ever seen.

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
