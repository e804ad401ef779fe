"""What is compared: each way to full size, and the run of the network that it starts from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from .enlarge import affine, bilateral_maps, fitted, guided_maps, plain
from .scene import FACTOR, Known

WINDOWS = (3, 5, 9, 17)
REGULARIZATIONS = (1e-4, 1e-3, 1e-2)
_GUIDED = (3, 1e-2)

SHIPPED = "maps, bilinear"
"""What the program does."""

DIRECT, FROZEN = "direct 4×", "frozen 4×"
"""The runs at full size that the others are held against."""


@dataclass(frozen=True)
class Run:
    """A pass of the network.

    Attributes:
        name: for tables.
        factor: size of the picture over the working size.
        is_frozen: with the statistics of the working size instead of its own.
    """

    name: str
    factor: int
    is_frozen: bool = False


WORKING = Run("working size", 1)
RUNS = (
    WORKING,
    Run("direct 2×", 2),
    Run(DIRECT, FACTOR),
    Run("frozen 2×", 2, is_frozen=True),
    Run(FROZEN, FACTOR, is_frozen=True),
)


@dataclass(frozen=True)
class Contender:
    """A way to full size.

    Attributes:
        name: for tables; unique.
        run: what it starts from.
        enlarge: see :mod:`.enlarge`.
    """

    name: str
    run: Run
    enlarge: Callable[[Known, Tensor], Tensor]


def contenders() -> tuple[Contender, ...]:
    """All of them, the shipped one first."""
    window, regularization = _GUIDED
    return (
        Contender(SHIPPED, WORKING, affine),
        Contender("maps, bicubic", WORKING, partial(affine, mode="bicubic")),
        Contender("maps, joint bilateral", WORKING, bilateral_maps),
        Contender(
            f"maps, guided {window} px, ε {regularization:g}",
            WORKING,
            partial(guided_maps, window=window, regularization=regularization),
        ),
        *(
            Contender(f"fit {w} px, ε {e:g}", WORKING, partial(fitted, window=w, regularization=e))
            for w in WINDOWS
            for e in REGULARIZATIONS
        ),
        Contender("pictures, bilinear", WORKING, partial(plain, mode="bilinear")),
        Contender("pictures, bicubic", WORKING, partial(plain, mode="bicubic")),
        *(Contender(run.name, run, affine) for run in RUNS if run is not WORKING),
    )
