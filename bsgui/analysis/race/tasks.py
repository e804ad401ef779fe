"""What the branches of a race have to learn: a linear map with known modes.

The target is ``y = A x`` with ``A = diag(s)``, and ``x`` has zero mean and covariance C: 1 on the diagonal, ρ between
the modes of one sub-task, 0 elsewhere. What gradient descent sees is the input-output correlation ``A C``. The modes of
a sub-task are equally strong, so A and C share the eigenvectors Q (which mix only within a sub-task): these are the
*singular modes* of the task, with strength s_k and input variance c_k. Without correlation Q is the identity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bsgui.core.race import RaceConfig

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Task:
    """A race's task.

    Attributes:
        strengths: (M,) s, of the singular modes.
        variances: (M,) c, of the inputs along the singular modes.
        basis: (M, M) Q, one singular mode per column, in the coordinates of inputs and outputs alike.
    """

    strengths: Array
    variances: Array
    basis: Array

    @property
    def target(self) -> Array:
        """(M, M) the map A."""
        return np.diag(self.strengths)

    @property
    def covariance(self) -> Array:
        """(M, M) of the inputs, C."""
        return (self.basis * self.variances) @ self.basis.T

    def nominal(self, amplitudes: Array) -> Array:
        """Amplitudes along the task's own coordinates, from those along its singular modes: (…, M) -> (…, M).

        Exact where a branch's map is diagonal in the singular modes: ``(Q diag(p) Qᵀ)_mm = Σ_k Q_mk² p_k``.
        """
        return amplitudes @ np.square(self.basis).T


def make_task(config: RaceConfig) -> Task:
    """The task of a race."""
    size = config.modes // config.groups
    block = _shared_first(size)
    basis = np.asarray(np.kron(np.eye(config.groups), block) if config.correlation > 0 else np.eye(config.modes))
    return Task(config.mode_strengths, config.mode_variances, basis)


def _shared_first(size: int) -> Array:
    """(size, size) an orthonormal basis whose first column is what all coordinates have in common (Helmert)."""
    basis = np.zeros((size, size))
    basis[:, 0] = 1 / np.sqrt(size)
    for k in range(1, size):
        basis[:k, k] = 1 / np.sqrt(k * (k + 1))
        basis[k, k] = -k / np.sqrt(k * (k + 1))
    return basis
