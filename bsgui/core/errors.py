"""Errors that a person can cause, each with a sentence for that person.

Everything that is not a :class:`BsguiError` is a bug and goes to the crash dialog or the log.
"""

from __future__ import annotations


class BsguiError(Exception):
    """An expected failure.

    Attributes:
        user_message: one sentence that names the thing and the reason; safe to show.
        detail: technical text for the log, may be empty.
    """

    exit_status = 1

    def __init__(self, user_message: str, detail: str = "") -> None:
        super().__init__(user_message)
        self.user_message = user_message
        self.detail = detail


class PhotoReadError(BsguiError):
    """A photo could not be read: not a photo, damaged, too large, gone, not permitted."""

    exit_status = 3


class StackReadError(BsguiError):
    """An exported stack could not be read, or its files do not fit together."""

    exit_status = 3


class ExportError(BsguiError):
    """A file could not be written: no space, no permission, already there."""

    exit_status = 1


class ModelError(BsguiError):
    """A model is missing, damaged, or not what its card says."""

    exit_status = 4


class UsageError(BsguiError):
    """The request itself makes no sense: an unknown layer, domain or size."""

    exit_status = 2


class FrameError(BsguiError):
    """The frame that is asked for does not lie in this photo; in another it may."""

    exit_status = 2


class OutOfMemory(BsguiError):
    """The machine has not enough memory for the request."""

    exit_status = 1


class Cancelled(Exception):
    """Raised by :meth:`CancelToken.raise_if_cancelled`; an outcome, not an error."""
