"""What background work answers with: frozen values that carry the id of the request they belong to."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from bsgui.core import errors
from bsgui.core.requests import Progress

from .cancel import CancelSource

T = TypeVar("T")

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Started:
    """The work has begun."""

    request_id: int


@dataclass(frozen=True)
class Progressed:
    """The work has come so far; never sent after a cancel."""

    request_id: int
    progress: Progress


@dataclass(frozen=True, eq=False)
class Previewed(Generic[T]):
    """What the result will look like, roughly; sent between Started and the last outcome, never after a cancel."""

    request_id: int
    result: T


@dataclass(frozen=True, eq=False)
class Finished(Generic[T]):
    """The work is done; ``result`` is what it returned (a Decomposition, from the latest-wins worker)."""

    request_id: int
    result: T


@dataclass(frozen=True)
class Cancelled:
    """The work was cancelled, by a person, a later request or closing; there is no result."""

    request_id: int


@dataclass(frozen=True)
class Superseded:
    """The request was replaced by a later one before its work began."""

    request_id: int


@dataclass(frozen=True, eq=False)
class Failed:
    """The work raised.

    Attributes:
        request_id: whose work.
        error: a :class:`~bsgui.core.errors.BsguiError` to show to the person; anything else is a bug to report.
        traceback: the bug's traceback as text; "" for a BsguiError.
    """

    request_id: int
    error: Exception
    traceback: str = ""

    @property
    def is_bug(self) -> bool:
        """Whether this is for the crash dialog and not for a notice."""
        return not isinstance(self.error, errors.BsguiError)

    @property
    def user_message(self) -> str:
        """One sentence for the person."""
        if isinstance(self.error, errors.BsguiError):
            return self.error.user_message
        return f"Something went wrong inside the program: {self.error!r}"


Outcome: TypeAlias = Started | Progressed | Previewed[T] | Finished[T] | Cancelled | Superseded | Failed


def outcome_of(request_id: int, work: Callable[[], T], cancel: CancelSource) -> Finished[T] | Cancelled | Failed:
    """Do the work here and now, and say how it ended.

    Work that returns although it was cancelled meanwhile counts as cancelled: whoever pressed the button is not
    answered with a result.
    """
    try:
        result = work()
    except errors.Cancelled:
        return Cancelled(request_id)
    except errors.BsguiError as error:
        _logger.info("request %d: %s %s", request_id, error.user_message, error.detail)
        return Failed(request_id, _without_frames(error))
    except MemoryError as error:
        return Failed(request_id, errors.OutOfMemory("There is not enough memory for this.", repr(error)))
    except Exception as error:
        _logger.exception("request %d failed unexpectedly", request_id)
        text = traceback.format_exc()
        return Failed(request_id, _without_frames(error), text)
    return Cancelled(request_id) if cancel.cancelled else Finished(request_id, result)


def _without_frames(error: Exception) -> Exception:
    # A traceback keeps every local of the failed work alive: whole photos, whole models.
    for link in (error, error.__cause__, error.__context__):
        if link is not None:
            link.__traceback__ = None
    return error
