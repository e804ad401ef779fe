"""The window: PySide6 only."""

import builtins

from PySide6 import QtGui, QtSvg, QtWidgets  # noqa: F401

# Each of PySide's modules makes Python read the source of all that is imported from then on, to see whether it asks for
# one of PySide's own features. Nothing here does, and it would take a tenth of the time until the window is up.
builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)
