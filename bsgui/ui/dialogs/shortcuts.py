"""All keys at a glance, made from the action table so that it cannot be wrong."""

from __future__ import annotations

from html import escape

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLineEdit, QTextBrowser, QVBoxLayout, QWidget

from bsgui.ui.actions import TABLE, native_keys
from bsgui.ui.described import described

_POINTER = (
    ("Alt-click an eye", "Show that layer alone; again: as before"),
    ("Double-click a gain slider", "Gain back to 1"),
    ("Shift-drag a gain slider", "Fine steps"),
    ("Shift or Ctrl with wheel or arrows", "Ten times as far, or a tenth"),
    ("x*2 in a value field", "Arithmetic with the old value"),
    ("Drag a layer", "Reorder"),
    ("Double-click a name", "Rename"),
    ("Hold \\ or B", "Show the photo"),
    ("Wheel on the picture", "Zoom where the pointer is"),
    ("Drag, or Space and drag, the picture", "Pan"),
    ("Frame tool: drag inside, a corner, a side, the circle", "Move, resize, resize one way, turn the frame"),
    ("Frame tool: Shift", "Turn in steps of 15°; a corner leaves the shape free; a side moves the opposite one too"),
    ("Frame tool: drag outside; click a thin box", "Draw a new frame; frame what was found there"),
    ("Frame tool: arrows; with Ctrl", "Move the frame; turn and resize it"),
    ("Frame tool: Return or double-click; Esc", "Decompose the framed part; the whole photo again"),
    ("Mask tool: as the frame tool; Delete", "Move, resize, turn or draw the mask; take it away"),
    ("Mask brush: drag; with Alt; with Shift", "Paint; erase; straight on from the last stroke"),
    ("Mask brush: [ ]; { }; X", "Size; hardness; paint or erase"),
    ("Mask tool and brush: Return; Esc", "Put the tool down; take back what is held"),
)


class ShortcutsDialog(QDialog):
    """A searchable table of keys and of what the pointer does."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard Shortcuts")
        self.resize(640, 620)
        self.search = described(QLineEdit(placeholderText="Search"), "Search shortcuts")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._show)
        self.text = described(QTextBrowser(), "Shortcuts")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        top = QHBoxLayout()
        top.addWidget(self.search)
        column = QVBoxLayout(self)
        column.addLayout(top)
        column.addWidget(self.text, 1)
        column.addWidget(buttons)
        self._show("")

    def _show(self, wanted: str) -> None:
        self.text.setHtml(shortcuts_html(wanted))


def shortcuts_html(wanted: str = "") -> str:
    """The table as HTML; only rows that contain all the words of ``wanted``."""
    words = wanted.lower().split()
    sections = []
    for menu, specs in TABLE.items():
        rows = [(", ".join(map(native_keys, x.keys)), x.text.replace("&", ""), x.tip) for x in specs if x.keys]
        sections.append(_section(menu, [x for x in rows if _matches(x, words)]))
    pointer = [(what, effect, "") for what, effect in _POINTER]
    sections.append(_section("Pointer and fields", [x for x in pointer if _matches(x, words)]))
    return "".join(sections) or "<p>Nothing found.</p>"


def _matches(row: tuple[str, str, str], words: list[str]) -> bool:
    text = " ".join(row).lower()
    return all(word in text for word in words)


def _section(title: str, rows: list[tuple[str, str, str]]) -> str:
    if not rows:
        return ""
    cells = "".join(
        f"<tr><td width='210'><b>{escape(keys)}</b></td><td>{escape(text)}"
        f"{'<br><small>' + escape(tip) + '</small>' if tip else ''}</td></tr>"
        for keys, text, tip in rows
    )
    return f"<h3>{title}</h3><table cellpadding='3' width='100%'>{cells}</table>"
