"""What is asked of an engine, and how it answers: values and small protocols, no threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from .decomposition import Decomposition, Provenance
from .frame import Frame, Subject
from .photo import Photo
from .styles import Styles

ADAPT_SECONDS = 60.0


@dataclass(frozen=True)
class DecomposeSettings:
    """All that decides a decomposition, besides the photo. Equal settings give equal bytes.

    Attributes:
        model: id of the model ("general").
        domain: one of the model's domains, or "" for the model's default.
        seed: which style vector is drawn for the domain; 0 and up.
        size: working size: the long side, in pixels, of the picture the network sees.
        device: "auto", "cpu", "cuda" or "mps".
        frame: the part of the photo that is taken apart; None for the whole.
        styles: other styles of single branches; the rest has the one of domain and seed.
        splits_light: of a framed face, the light from the side is split off from the light, as a layer of its own.
    """

    model: str
    domain: str = ""
    seed: int = 0
    size: int = 256
    device: str = "auto"
    frame: Frame | None = None
    styles: Styles = ()
    splits_light: bool = False


def settings_of(made: Provenance, device: str) -> DecomposeSettings:
    """The settings that give layers of this provenance again, on a device of one's own choice."""
    how = (made.frame, made.styles, made.splits_light)
    return DecomposeSettings(made.model, made.domain, made.seed, made.size, device, *how)


@dataclass(frozen=True, eq=False)
class DecomposeRequest:
    """A photo and how to take it apart."""

    photo: Photo
    settings: DecomposeSettings


@dataclass(frozen=True, eq=False)
class AdaptRequest:
    """Layers whose model is to train on for a moment, on their photo alone.

    Attributes:
        decomposition: the layers to start from; made by an installed model, adapted or not.
        device: "auto", "cpu", "cuda" or "mps".
        seconds: the training ends after so long, if not before.
    """

    decomposition: Decomposition
    device: str = "auto"
    seconds: float = ADAPT_SECONDS


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

    def decompose(
        self,
        request: DecomposeRequest,
        report: ProgressCallback,
        cancel: CancelToken,
        show: Callable[[Decomposition], None] | None = None,
    ) -> Decomposition:
        """Take the request's photo apart.

        Args:
            request: the photo, and how.
            report: told how far it is.
            cancel: asked between blocks.
            show: gets the same layers earlier, once or more: first from a smaller working size, then without their
                fidelity (NaN). None: nobody waits for a picture, and no time is spent on early ones.

        Raises:
            ModelError: the model is missing or damaged.
            FrameError: the frame's middle does not lie in the photo.
            UsageError: the model has no such domain, or the size is out of range.
            OutOfMemory: the machine has not enough memory.
            Cancelled: the token was cancelled.
        """
        ...


class SubjectFinder(Protocol):
    """What finds the faces and animals of a photo. One thread calls it at a time."""

    def find(self, photo: Photo, cancel: CancelToken) -> tuple[Subject, ...]:
        """The subjects, the most certain first; none is a proper answer.

        Raises:
            ModelError: the finder's weights are missing or damaged.
            Cancelled: the token was cancelled.
        """
        ...


class Adapter(Protocol):
    """What trains a model on. One thread calls it at a time, perhaps another thread than the Decomposer's."""

    def adapt(
        self,
        request: AdaptRequest,
        report: ProgressCallback,
        cancel: CancelToken,
        show: Callable[[Decomposition], None] = ...,
        is_enough: Callable[[], bool] = ...,
    ) -> Decomposition:
        """Train until the residual is nearly empty, the time is over or it is enough.

        Args:
            request: what to start from, and for how long.
            report: told how much of the time has passed, and the fidelity reached.
            cancel: asked several times a step.
            show: gets the layers as they are so far, every second or so; their energy shares are still the old ones.
            is_enough: asked between steps; True ends the training and keeps what was reached.

        Returns:
            The best layers there were: the ones of the request itself if none were better. Same photo, ids and names.

        Raises:
            ModelError: the layers' model is not installed any more, damaged, or another one now.
            UsageError: the layers do not come from a model.
            OutOfMemory: the machine has not enough memory.
            Cancelled: the token was cancelled.
        """
        ...


def report_nothing(progress: Progress) -> None:
    """A progress callback for callers that do not care."""
