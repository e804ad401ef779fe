"""Where and how layers are exported, with the exact names of the files before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from bsgui.core.layers import LayerStack
from bsgui.core.photo import Photo
from bsgui.imageio.stack_names import MANIFEST_NAME, composite_file_name, layer_file_name, safe_stem
from bsgui.imageio.write_stack import ExportOptions
from bsgui.ui.described import described


@dataclass(frozen=True)
class ExportPlan:
    """What the person decided: the folder, not yet there or to be replaced, and how."""

    folder: Path
    options: ExportOptions


class ExportDialog(QDialog):
    """Asks for an :class:`ExportPlan`.

    Args:
        photo: gives the names.
        stack: the layers and their settings.
        parent_folder: where the export's own folder will lie, unless the person says otherwise.
        depth: bits to start with, 16 or 8.
    """

    def __init__(
        self, photo: Photo, stack: LayerStack, parent_folder: Path, depth: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export Layers")
        self.setMinimumWidth(520)
        self._photo, self._stack = photo, stack
        self._make_fields(parent_folder, depth)
        self._lay_out()
        for box in (self.which, self.bits, self.settings):
            box.currentIndexChanged.connect(self._preview)
        self.composite.toggled.connect(self._preview)
        self.folder.textChanged.connect(self._preview)
        self._preview()

    @property
    def plan(self) -> ExportPlan:
        """What the fields say; ``overwrite`` is decided when the folder turns out to be taken."""
        options = ExportOptions(
            depth=self.bits.currentData(),
            which=self.which.currentData(),
            edited=self.settings.currentData(),
            composite=self.composite.isChecked(),
            compression=self.compression.currentData(),
        )
        return ExportPlan(Path(self.folder.text().strip()).expanduser(), options)

    @property
    def file_names(self) -> list[str]:
        """The files that will be written, in the order of the layers."""
        chosen = [x for x in self._stack.layers if x.visible or self.which.currentData() == "all"]
        stem = self._photo.stem
        names = [layer_file_name(stem, x.source, x.name, x.id) for x in sorted(chosen, key=lambda x: x.source)]
        if self.composite.isChecked():
            names.append(composite_file_name(stem))
        return [*names, MANIFEST_NAME] if chosen else []

    def _make_fields(self, parent_folder: Path, depth: int) -> None:
        self.folder = described(QLineEdit(str(parent_folder / safe_stem(self._photo.stem))), "Folder")
        self.bits = _choices("Depth", ("16 bits: recombines exactly", 16), ("8 bits: previews over mid-grey", 8))
        self.bits.setCurrentIndex(max(0, self.bits.findData(depth)))
        self.which = _choices("Layers", ("All layers", "all"), ("Visible layers", "visible"))
        self.settings = _choices(
            "Settings",
            ("As they came; settings go into the manifest", False),
            ("As edited: gain, opacity, tint, mode, filter, mute", True),
        )
        self.compression = _choices("Compression", ("Fast", "fast"), ("Small files", "small"))
        self.composite = QCheckBox("Also write the composite")
        self.composite.setChecked(True)
        self.names = described(QListWidget(), "Files that will be written")
        self.names.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.names.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.note = QLabel(wordWrap=True)
        self.note.setProperty("quiet", True)

    def _lay_out(self) -> None:
        choose = QPushButton("Choose…", autoDefault=False)
        choose.clicked.connect(self._choose_folder)
        folder = QHBoxLayout()
        folder.addWidget(self.folder, 1)
        folder.addWidget(choose)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Folder", folder)
        form.addRow("Depth", self.bits)
        form.addRow("Layers", self.which)
        form.addRow("Settings", self.settings)
        form.addRow("Compression", self.compression)
        form.addRow("", self.composite)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._export = self._buttons.addButton("Export", QDialogButtonBox.ButtonRole.AcceptRole)
        self._export.setProperty("primary", True)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addLayout(form)
        column.addWidget(QLabel("Files"))
        column.addWidget(self.names, 1)
        column.addWidget(self.note)
        column.addWidget(self._buttons)

    def _preview(self) -> None:
        self.names.clear()
        self.names.addItems(self.file_names)
        folder = self.plan.folder
        usable = bool(self.folder.text().strip()) and folder.is_absolute()
        self._export.setEnabled(usable and bool(self.file_names))
        self.note.setText(self._remark(usable))

    def _remark(self, usable: bool) -> str:
        if not usable:
            return "Choose a folder."
        if not self.file_names:
            return "No layer is visible."
        if self.bits.currentData() == 8:
            return "8-bit layers are for looking at: they do not add up to the photo exactly."
        if self.which.currentData() == "visible" and not all(x.visible for x in self._stack.layers):
            return "Hidden layers are left out: the files add up to the photo without them."
        return "The files add up to the picture exactly; the manifest says how."

    def _choose_folder(self) -> None:
        present = self.plan.folder
        chosen = QFileDialog.getExistingDirectory(self, "Export Into", str(present.parent))
        if chosen:
            self.folder.setText(str(Path(chosen) / present.name))


def _choices(name: str, *choices: tuple[str, object]) -> QComboBox:
    box = described(QComboBox(), name)
    for text, value in choices:
        box.addItem(text, value)
    return box
