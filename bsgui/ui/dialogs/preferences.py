"""Preferences: every change takes effect at once; there is nothing to confirm."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from bsgui.ui.described import described
from bsgui.ui.settings import DEPTHS, DEVICES, THEMES, SettingsStore

_THEME_NAMES = {"system": "Like the system", "dark": "Dark", "light": "Light"}
_DEVICE_NAMES = {"auto": "Automatic", "cpu": "Processor (CPU)", "cuda": "NVIDIA GPU (CUDA)", "mps": "Apple GPU (MPS)"}
_DEPTH_NAMES = {16: "16 bits, exact", 8: "8 bits, previews"}


class PreferencesDialog(QDialog):
    """Edits the settings in the store."""

    def __init__(self, store: SettingsStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Preferences")
        self.setMinimumWidth(420)
        self._store = store
        column = QVBoxLayout(self)
        column.setSpacing(12)
        for group in (self._appearance(), self._decomposing(), self._exporting(), self._reading()):
            column.addWidget(group)
        column.addStretch(1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)

    def _appearance(self) -> QGroupBox:
        self.theme = described(QComboBox(), "Theme")
        for theme in THEMES:
            self.theme.addItem(_THEME_NAMES[theme], theme)
        self.theme.setCurrentIndex(self.theme.findData(self._store.value.theme))
        self.theme.currentIndexChanged.connect(lambda: self._store.update(theme=self.theme.currentData()))
        return _group("Appearance", ("Theme", self.theme))

    def _decomposing(self) -> QGroupBox:
        self.auto = QCheckBox("Take photos apart as soon as they are open")
        self.auto.setChecked(self._store.value.auto_decompose)
        self.auto.toggled.connect(lambda on: self._store.update(auto_decompose=on))
        self.device = described(QComboBox(), "Device")
        for device in DEVICES:
            self.device.addItem(_DEVICE_NAMES[device], device)
        self.device.setCurrentIndex(self.device.findData(self._store.value.device))
        self.device.setToolTip("A device that is not there is replaced by the processor, and you are told")
        self.device.currentIndexChanged.connect(lambda: self._store.update(device=self.device.currentData()))
        return _group("Decomposing", ("", self.auto), ("Device", self.device))

    def _exporting(self) -> QGroupBox:
        self.folder = QLineEdit(self._store.value.export_folder, placeholderText="Beside the photo")
        self.folder.setClearButtonEnabled(True)
        self.folder.setAccessibleName("Default export folder")
        self.folder.editingFinished.connect(lambda: self._store.update(export_folder=self.folder.text().strip()))
        choose = QPushButton("Choose…", autoDefault=False)
        choose.clicked.connect(self._choose_folder)
        row = QHBoxLayout()
        row.addWidget(self.folder, 1)
        row.addWidget(choose)
        self.bits = described(QComboBox(), "Default depth of exported layers")
        for depth in DEPTHS:
            self.bits.addItem(_DEPTH_NAMES[depth], depth)
        self.bits.setCurrentIndex(self.bits.findData(self._store.value.export_depth))
        self.bits.currentIndexChanged.connect(lambda: self._store.update(export_depth=self.bits.currentData()))
        return _group("Exporting", ("Folder", row), ("Depth", self.bits))

    def _reading(self) -> QGroupBox:
        self.megapixels = described(QSpinBox(minimum=1, maximum=10_000, suffix=" megapixels"), "Largest photo")
        self.megapixels.lineEdit().setTextMargins(4, 0, 0, 0)
        self.megapixels.setValue(self._store.value.max_megapixels)
        self.megapixels.setToolTip("Larger photos are refused before they are decoded, so that memory suffices")
        self.megapixels.editingFinished.connect(lambda: self._store.update(max_megapixels=self.megapixels.value()))
        clear = QPushButton("Forget Recent Files", autoDefault=False)
        clear.clicked.connect(lambda: self._store.forget_recent())
        return _group("Opening", ("Largest photo", self.megapixels), ("", clear))

    def _choose_folder(self) -> None:
        start = self.folder.text() or str(Path.home())
        folder = QFileDialog.getExistingDirectory(self, "Default Export Folder", start)
        if folder:
            self.folder.setText(folder)
            self._store.update(export_folder=folder)


def _group(title: str, *rows: tuple[str, QWidget | QHBoxLayout]) -> QGroupBox:
    group = QGroupBox(title)
    form = QFormLayout(group)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    for label, field in rows:
        form.addRow(label, field)
    return group
