"""The installed models: what each is, where it comes from, what it was measured to do and where it fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from bsgui.core.model_card import ModelCard
from bsgui.ui.described import described


class ModelsDialog(QDialog):
    """Model cards to read.

    Args:
        cards: the installed models.
        problems: sentences about cards that could not be read.
        folders: where models are looked for.
    """

    def __init__(
        self,
        cards: Sequence[ModelCard],
        problems: Sequence[str],
        folders: Sequence[Path],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Models")
        self.resize(760, 560)
        self._cards = cards
        self.list = described(QListWidget(), "Installed models")
        for card in cards:
            self.list.addItem(QListWidgetItem(card.name))
        self.text = described(QTextBrowser(openExternalLinks=True), "Model card")
        self.list.currentRowChanged.connect(self._show)
        halves = QSplitter(Qt.Orientation.Horizontal)
        halves.addWidget(self.list)
        halves.addWidget(self.text)
        halves.setStretchFactor(1, 1)
        halves.setSizes([180, 560])
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addWidget(halves, 1)
        column.addWidget(_footer(problems, folders))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        self.list.setCurrentRow(0) if cards else self.text.setPlainText("No model is installed.")

    def _show(self, row: int) -> None:
        self.text.setHtml(card_html(self._cards[row]) if row >= 0 else "")


def _footer(problems: Sequence[str], folders: Sequence[Path]) -> QLabel:
    lines = [*problems, "Models are looked for in: " + ", ".join(str(folder) for folder in folders)]
    footer = QLabel("\n".join(lines))
    footer.setWordWrap(True)
    footer.setTextFormat(Qt.TextFormat.PlainText)
    footer.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return footer


def card_html(card: ModelCard) -> str:
    """A model card as HTML."""
    branches = [f"<b>{escape(x.name)}</b> {escape(x.description)}".strip() for x in card.branches]
    parts = [
        f"<h2>{escape(card.name)}</h2><p>{escape(card.description)}</p>",
        f"<p>Made for: {escape(', '.join(card.subjects) or 'any photo')}<br>Domains: {escape(', '.join(card.domains))}"
        f"<br>Working size: {card.size} px, from {card.min_size} to {card.max_size} px"
        f"<br>Licence: {escape(card.licence)}</p>",
        _list("Branches", branches),
        _list("Training data", [escape(x) for x in card.data]),
        _table("Measured on photos it never saw", card.headline_measures()),
        _list("Known failures", [escape(x) for x in card.known_failures]),
        _table("Training", card.training),
        f"<h3>SHA-256 of the weights</h3><p><code>{escape(card.sha256)}</code></p>",
    ]
    return "".join(parts)


def _list(title: str, lines: Sequence[str]) -> str:
    return f"<h3>{title}</h3><ul>{''.join(f'<li>{x}</li>' for x in lines)}</ul>" if lines else ""


def _table(title: str, values: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td>{escape(name.replace('_', ' '))}&nbsp;&nbsp;&nbsp;</td><td>{escape(_text(value))}</td></tr>"
        for name, value in values.items()
    )
    return f"<h3>{title}</h3><table>{rows}</table>" if rows else ""


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name.replace('_', ' ')} {_text(x)}" for name, x in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_text(x) for x in value)
    return str(value)
