"""What is asked of an engine, and how it answers: values and small protocols, no threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from .decomposition import Decomposition
from .photo import Photo


@dataclass(frozen=True)
class DecomposeSettings:
    """All that decides a decomposition, besides the photo. Equal settings give equal bytes.

    Attributes:
        model: id of the model ("general").
        domain: one of the model's domains, or "" for the model's default.
        seed: which style vector is drawn for the domain; 0 and up.
        size: working size: the long side, in pixels, of the picture the network sees.
        device: "auto", "cpu", "cuda" or "mps".
    """

    model: str
    domain: str = ""
    seed: int = 0
    size: int = 256
    device: str = "auto"


@dataclass(frozen=True, eq=False)
class DecomposeRequest:
    """A photo and how to take it apart."""

    photo: Photo
    settings: DecomposeSettings


@dataclass(frozen=True)
class Progress:
    """How far a job is.

    Attributes:
        done, total: work units; ``done <= total``.
        stage: what is being done, for people: "Loading the model", "Running the network".
    """

    done: int
    total: int
    stage: str


ProgressCallback = Callable[[Progress], None]


class CancelToken(Protocol):
    """Asked between blocks of work whether to go on."""

    def raise_if_cancelled(self) -> None:
        """Raise :class:`~bsgui.core.errors.Cancelled` once the job has been cancelled."""
        ...


class NeverCancelled:
    """The token of a job that nobody can cancel."""

    def raise_if_cancelled(self) -> None:
        """Do nothing."""


class Decomposer(Protocol):
    """An engine. One thread calls it at a time."""

    def decompose(self, request: DecomposeRequest, report: ProgressCallback, cancel: CancelToken) -> Decomposition:
        """Take the request's photo apart.

        Raises:
            ModelError: the model is missing or damaged.
            UsageError: the model has no such domain, or the size is out of range.
            OutOfMemory: the machine has not enough memory.
            Cancelled: the token was cancelled.
        """
        ...


def report_nothing(progress: Progress) -> None:
    """A progress callback for callers that do not care."""
