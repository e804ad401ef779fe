"""Every action of the program in one table: text, keys, icon, explanation, and when it makes sense."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Flag, auto

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from .icons import icon


class Needs(Flag):
    """What must be there for an action to make sense."""

    NOTHING = 0
    PHOTO = auto()
    LAYERS = auto()
    MODEL = auto()
    BUSY = auto()
    ADAPTABLE = auto()
    ADAPTING = auto()


@dataclass(frozen=True)
class ActionSpec:
    """One row of the table.

    Attributes:
        id: what the code calls it.
        text: in menus; "&" marks the mnemonic, "…" says that a dialog asks on.
        keys: shortcuts, portable names; the first is shown.
        tip: what it does, a short sentence for tooltips and the shortcut overview.
        icon: name for :func:`~bsgui.ui.icons.icon`, or "".
        needs: when it is enabled.
        checkable: whether it is a switch.
        group: name of the set of which exactly one is on, or "".
    """

    id: str
    text: str
    keys: tuple[str, ...]
    tip: str
    icon: str = ""
    needs: Needs = Needs.NOTHING
    checkable: bool = False
    group: str = ""


_A = ActionSpec
_PHOTO, _LAYERS = Needs.PHOTO, Needs.LAYERS

FILE = (
    _A("open", "&Open Photo…", ("Ctrl+O",), "Open a photo or a bsgui project", "open"),
    _A("open_stack", "Open &Layer Stack…", ("Ctrl+Shift+O",), "Open a folder of exported layers", "layers"),
    _A("save", "&Save Project", ("Ctrl+S",), "Save photo reference, model, seed and all edits", "save", _LAYERS),
    _A("save_as", "Save Project &As…", ("Ctrl+Shift+S",), "Save the project under another name", "", _LAYERS),
    _A("export", "&Export Layers…", ("Ctrl+E",), "Write the layers as PNG files that add up to the photo", "export",
       _LAYERS),
    _A("export_composite", "Export &Composite…", ("Ctrl+Shift+E",), "Write the picture as it is shown now", "",
       _LAYERS),
    _A("close_photo", "&Close Photo", ("Ctrl+W",), "Close the photo", "", _PHOTO),
    _A("preferences", "&Preferences…", ("Ctrl+,",), "Theme, device, export and limits", "settings"),
    _A("quit", "&Quit", ("Ctrl+Q",), "Close the program"),
)  # fmt: skip

EDIT = (
    _A("undo", "&Undo", ("Ctrl+Z",), "Take the last edit back", "undo"),
    _A("redo", "&Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "Do the last undone edit again", "redo"),
    _A("copy", "&Copy Composite", ("Ctrl+C",), "Copy the picture as it is shown, at full size", "", _PHOTO),
    _A("paste", "&Paste as New Photo", ("Ctrl+V",), "Open the picture or file on the clipboard"),
)

LAYER = (
    _A("decompose", "&Decompose", ("Ctrl+Return", "Ctrl+D"), "Take the photo apart with these settings", "decompose",
       _PHOTO | Needs.MODEL),
    _A("reseed", "Decompose with &Another Seed", ("Ctrl+R",), "Draw another style and take the photo apart again", "",
       _PHOTO | Needs.MODEL),
    _A("frame", "Fram&e Tool", ("F",), "Frame the part of the photo that is taken apart: a face, an animal’s head",
       "frame", _PHOTO | Needs.MODEL, True),
    _A("adapt", "Ada&pt to This Photo", ("Ctrl+Shift+D",),
       "Let the model train on for up to a minute on this photo alone, until the residual is nearly empty", "",
       Needs.ADAPTABLE),
    _A("finish", "&Finish Adapting Now", ("Ctrl+Shift+Return",), "End the training, and keep what it has reached", "",
       Needs.ADAPTING),
    _A("cancel", "&Cancel", ("Esc",), "Stop the decomposition, or adapting: the layers are as before", "cancel",
       Needs.BUSY),
    _A("visible", "Show or &Hide", ("V",), "Show or hide the selected layer", "eye", _LAYERS),
    _A("solo", "&Solo", ("S",), "Show the selected layer alone; again: everything as it was", "solo", _LAYERS),
    _A("mute", "&Mute or Unmute", ("M",), "Take the selected layer out for now", "mute", _LAYERS),
    _A("lock", "&Lock or Unlock", ("L",), "Protect the settings and the name of the selected layer", "lock",
       _LAYERS),
    _A("rename", "Re&name", ("F2",), "Rename the selected layer", "", _LAYERS),
    _A("tint", "&Tint…", ("C",), "Tint the selected layer: a warmer light, another fur", "tint", _LAYERS),
    _A("mask", "Mas&k…", ("K",), "Let the selected layer’s settings count in a part of the photo", "mask", _LAYERS),
    _A("filter", "Filte&r…", ("G",), "Soften or sharpen the selected layer", "filter", _LAYERS),
    _A("style", "St&yle…", ("T",), "Run the selected branch in another style too, and blend with it", "style", _LAYERS),
    _A("invert", "&Invert", ("I",), "Turn the sign of the selected layer’s gain", "invert", _LAYERS),
    _A("reset", "&Reset Layer", ("R",), "The selected layer as it came", "reset", _LAYERS),
    _A("reset_all", "Reset &All Layers", ("Ctrl+Shift+R",), "Every layer as it came; the sum is the photo again", "",
       _LAYERS),
    _A("show_all", "Sho&w All Layers", ("Shift+V",), "Open every eye", "", _LAYERS),
    _A("raise", "Move &Up", ("Ctrl+PgUp",), "Move the selected layer up", "up", _LAYERS),
    _A("lower", "Move D&own", ("Ctrl+PgDown",), "Move the selected layer down", "down", _LAYERS),
    _A("select_above", "Select Above", ("PgUp",), "Select the layer above", "", _LAYERS),
    _A("select_below", "Select Below", ("PgDown",), "Select the layer below", "", _LAYERS),
)  # fmt: skip

VIEW = (
    _A("look_composite", "&Composite", ("1",), "All layers together", "composite", _PHOTO, True, "look"),
    _A("look_grey", "Layer over &Grey", ("2",), "The selected layer alone over mid-grey", "grey", _LAYERS, True,
       "look"),
    _A("look_magnitude", "Layer &Magnitude", ("3",), "The selected layer alone: brighter is more", "magnitude",
       _LAYERS, True, "look"),
    _A("look_signed", "Layer Sig&ns", ("4",), "The selected layer alone: orange adds, blue takes away", "signed",
       _LAYERS, True, "look"),
    _A("before", "Show the &Photo (hold \\ or B)", (), "Before and after: hold \\ or B to see the photo", "before",
       _LAYERS, True),
    _A("split", "&Split View", ("Y",), "Photo on one side of a line, layers on the other; drag the line", "split",
       _LAYERS, True),
    _A("clipping", "Clipping &Warning", ("O",), "Mark pixels brighter than white (red) or darker than black (blue)",
       "clipping", _LAYERS, True),
    _A("zoom_in", "Zoom &In", ("Ctrl++", "Ctrl+="), "Zoom in", "zoom-in", _PHOTO),
    _A("zoom_out", "Zoom &Out", ("Ctrl+-",), "Zoom out", "zoom-out", _PHOTO),
    _A("zoom_fit", "&Fit in Window", ("Ctrl+0",), "The whole photo", "fit", _PHOTO),
    _A("zoom_actual", "&Actual Pixels", ("Ctrl+1",), "100 %: one pixel of the photo is one of the screen",
       "one-to-one", _PHOTO),
)  # fmt: skip

WINDOW = (
    _A("full_screen", "&Full Screen", ("F11",), "Full screen on or off", "", Needs.NOTHING, True),
    _A("hide_panels", "&Hide Panels", ("F9",), "Only the picture; again: panels as they were", "", Needs.NOTHING, True),
    _A("laboratory", "Specialization &Laboratory", ("Ctrl+L",), "Watch small networks' branches become experts"),
    _A("playback", "Training &Playback", ("Ctrl+Shift+L",), "Watch a photo’s layers form in a recorded training run"),
    _A("reset_panels", "&Reset Panels", (), "Panels where they were at the first start"),
)

HELP = (
    _A("shortcuts", "&Keyboard Shortcuts", ("F1", "Ctrl+/", "H"), "All keys at a glance"),
    _A("models", "&Models…", (), "The installed models: data, licences, measures, known failures"),
    _A("log_folder", "Show &Log Folder", (), "Where the log is written, for reports"),
    _A("about", "&About bsgui", (), "Version and licences"),
)

TABLE = {"File": FILE, "Edit": EDIT, "Layer": LAYER, "View": VIEW, "Window": WINDOW, "Help": HELP}


def all_specs() -> Iterator[ActionSpec]:
    """The whole table, in the order of the menus."""
    for specs in TABLE.values():
        yield from specs


class Actions:
    """The table as QActions.

    Args:
        parent: the window; shortcuts work in it.
        slots: what each action does, by id; a switch's slot takes whether it is on.

    Raises:
        KeyError: an action without a slot.
    """

    def __init__(self, parent: QObject, slots: Mapping[str, Callable[..., object]]) -> None:
        self._groups: dict[str, QActionGroup] = {}
        self._actions = {spec.id: self._make(spec, parent, slots[spec.id]) for spec in all_specs()}

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def some(self, *ids: str) -> list[QAction | None]:
        """Several actions; "-" is None, a separator."""
        return [None if x == "-" else self._actions[x] for x in ids]

    def enable(self, present: Needs) -> None:
        """Enable what makes sense, given what is there; undo and redo are left alone."""
        for spec in all_specs():
            if spec.id not in ("undo", "redo"):
                self._actions[spec.id].setEnabled(spec.needs in present)

    def _make(self, spec: ActionSpec, parent: QObject, slot: Callable[..., object]) -> QAction:
        action = QAction(spec.text, parent)
        action.setObjectName(spec.id)
        action.setShortcuts([QKeySequence(keys) for keys in spec.keys])
        action.setToolTip(_tooltip(spec))
        action.setStatusTip("")
        action.setCheckable(spec.checkable)
        if spec.icon:
            action.setIcon(icon(spec.icon))
        if spec.group:
            group = self._groups.setdefault(spec.group, QActionGroup(parent))
            group.addAction(action)
        if spec.checkable and not spec.group:
            action.toggled.connect(slot)
        else:
            action.triggered.connect(lambda: slot())
        return action


def _tooltip(spec: ActionSpec) -> str:
    name = spec.text.replace("&", "").removesuffix("…")
    keys = f" ({native_keys(spec.keys[0])})" if spec.keys else ""
    return f"{name}{keys}\n{spec.tip}"


def native_keys(keys: str) -> str:
    """A shortcut as this platform writes it."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
