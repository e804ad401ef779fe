"""What theory says of a race, from its initial weights alone. The derivation is in this folder's parent, README.md.

With ``p_b = Π_l w_bl`` for one mode of strength s and input variance c, gradient flow on half the squared error is

    dw_bl/dt = (∂p_b/∂w_bl) · c · (s − Σ_c p_c).

Every branch sees the same residual, so with the common clock ``dτ = c (s − Σp) dt`` each runs by itself. Conserved are
``w_bl² − w_bk²`` (balance); from a balanced start ``dp_b/dτ = L p_b^(2−2/L)``, and conserved between branches is
``p_b − p_c`` (L = 1), ``p_b / p_c`` (L = 2), ``p_b^−(1−2/L) − p_c^−(1−2/L)`` (L > 2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from bsgui.core.race import RaceConfig, RaceCourse
from bsgui.core.requests import CancelToken, NeverCancelled

from .initial import initial_weights
from .tasks import Task, make_task

Array = NDArray[np.float64]
_RELATIVE, _ABSOLUTE = 1e-8, 1e-12
_HALVINGS = 100


def predict_course(
    config: RaceConfig, weights: Sequence[Array], times: Array, cancel: CancelToken | None = None
) -> RaceCourse | None:
    """The course of a race by gradient flow (SGD, momentum) or sign descent (Adam).

    Args:
        config: the race; ``noise`` is not in the prediction.
        weights: its initial weights.
        times: (T,) increasing, from 0.
        cancel: asked at every evaluation of the flow.

    Returns:
        None for networks with an activation, and for Adam on anything but modes with positive weights.
    """
    if config.activation != "linear":
        return None
    task = make_task(config)
    if config.optimizer == "adam":
        if config.form != "modes" or config.init == "gaussian":
            return None
        return RaceCourse(times, sign_descent(weights, task.strengths, times))
    if config.form == "matrices" and config.init == "balanced":
        # An aligned start is separate races, and those are integrated in a fraction of the time.
        weights = initial_weights(config.with_(form="modes"))
    return RaceCourse(times, gradient_flow(weights, task, times, cancel))


def gradient_flow(weights: Sequence[Array], task: Task, times: Array, cancel: CancelToken | None = None) -> Array:
    """Integrate gradient flow: (T,) times -> (T, S, B, M) amplitudes.

    Races are integrated one by one: they share no step size, since each has its own moment of haste. Dormand and
    Prince's method of order 8 (SciPy's DOP853), relative tolerance 1e-8.

    Args:
        weights: (S, B, M) per layer for diagonal networks, (S, B, outputs, inputs) for full ones.
        task: what is learned.
        times: increasing, from 0.
        cancel: asked at every evaluation.

    Raises:
        Cancelled: the token was cancelled.
    """
    cancel = cancel or NeverCancelled()
    races = weights[0].shape[0]
    courses = [_flow_of_one([layer[s] for layer in weights], task, times, cancel) for s in range(races)]
    return np.stack(courses, axis=1)


def final_amplitudes(initial: Array, strengths: Array, depth: int) -> Array:
    """Where gradient flow ends from a balanced start with positive contributions, in closed form.

    Args:
        initial: (…, B, M) contributions before training, positive.
        strengths: (M,).
        depth: L, without shared layers.

    Returns:
        (…, B, M), whose sum over branches is the strength.
    """
    if depth == 1:
        missing = strengths - initial.sum(-2)
        return np.asarray(initial + missing[..., None, :] / initial.shape[-2])
    if depth == 2:
        return np.asarray(initial / initial.sum(-2, keepdims=True) * strengths)
    power = 1 - 2 / depth
    behind = initial**-power
    behind = behind - behind.min(-2, keepdims=True)
    # The leader ends between s/B and s; what it is behind of infinity is found by halving.
    low, high = strengths**-power, (strengths / initial.shape[-2]) ** -power
    low, high = (np.broadcast_to(x, behind[..., 0, :].shape).copy() for x in (low, high))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        too_much = ((behind + middle[..., None, :]) ** (-1 / power)).sum(-2) > strengths
        low, high = np.where(too_much, middle, low), np.where(too_much, high, middle)
    return np.asarray((behind + ((low + high) / 2)[..., None, :]) ** (-1 / power))


def sign_descent(weights: Sequence[Array], strengths: Array, times: Array) -> Array:
    """Adam's limit: while a mode is not learned, every weight grows by 1 per time: (T,) -> (T, S, B, M).

    ``p_b(t) = Π_l (w_bl + min(t, t*))`` with t* where the branches' sum is the strength. Needs positive weights and
    diagonal layers. (Adam divides the gradient by its own running size; the gradient of a mode keeps its sign until the
    mode is learned.)
    """
    layers = np.stack(np.broadcast_arrays(*weights))
    low = np.zeros(layers.shape[1:2] + layers.shape[3:])
    high = np.full_like(low, float(strengths.max()) + 1.0)
    start = layers.prod(0).sum(1)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        too_far = (layers + middle[:, None, :]).prod(0).sum(1) > strengths
        low, high = np.where(too_far, low, middle), np.where(too_far, middle, high)
    learned = np.where(start < strengths, (low + high) / 2, 0.0)
    return np.stack([(layers + np.minimum(t, learned)[:, None, :]).prod(0) for t in times])


def two_layer_amplitudes(weights: Sequence[Array], task: Task) -> Array:
    """Which branch a mode of a full two-layer network goes to, for small weights: (S, B, M), up to a factor per mode.

    Around zero, ``dW₁/dt = W₂ᵀ A C`` and ``dW₂/dt = A C W₁ᵀ``: along a singular mode q the sum ``z_b = W₁q + W₂ᵀq``
    grows as e^(sct) and the difference decays, so the branch contributes ``|z_b|²/4 · e^(2sct)``, in proportions that
    the later, shared slowing-down does not change. Exact in the limit of small scale and well separated modes.
    """
    first, second = weights
    vectors = first @ task.basis + np.swapaxes(second, -1, -2) @ task.basis
    return np.asarray(np.square(vectors).sum(-2) / 4)


def winner(amplitudes: Array) -> NDArray[np.int64]:
    """The branch that contributes most to each mode: (…, B, M) -> (…, M)."""
    return np.asarray(np.abs(amplitudes).argmax(-2))


def lead(amplitudes: Array) -> Array:
    """By what share of the mode the first branch leads the second: (…, B, M) -> (…, M), in [0, 1]."""
    size = np.sort(np.abs(amplitudes), axis=-2)
    total = np.maximum(size.sum(-2), np.finfo(np.float64).tiny)
    return np.asarray((size[..., -1, :] - size[..., -2, :]) / total)


def balance(weights: Sequence[Array]) -> Array:
    """What gradient flow conserves in diagonal layers: w_l² − w_{l+1}², (L − 1, S, B, M)."""
    squares = [np.square(x) for x in weights]
    return np.stack([a - b for a, b in pairwise(squares)])


def _flow_of_one(weights: list[Array], task: Task, times: Array, cancel: CancelToken) -> Array:
    shapes = [x.shape for x in weights]
    rate, amplitudes = _mode_flow(task) if weights[0].ndim == 2 else _matrix_flow(task)

    def change(_: float, state: Array) -> Array:
        cancel.raise_if_cancelled()
        return np.concatenate([x.ravel() for x in rate(_unpacked(state, shapes))])

    state = np.concatenate([x.ravel() for x in weights])
    if len(times) == 1:
        return amplitudes(weights)[None]
    span = (float(times[0]), float(times[-1]))
    solution = solve_ivp(change, span, state, "DOP853", t_eval=times, rtol=_RELATIVE, atol=_ABSOLUTE)
    if not solution.success:
        raise ArithmeticError(solution.message)
    return np.stack([amplitudes(_unpacked(x, shapes)) for x in solution.y.T])


_Rate = Callable[[list[Array]], list[Array]]
_Amplitudes = Callable[[list[Array]], Array]


def _mode_flow(task: Task) -> tuple[_Rate, _Amplitudes]:
    def amplitudes(weights: list[Array]) -> Array:
        return np.asarray(np.prod(np.stack(np.broadcast_arrays(*weights)), axis=0))

    def rate(weights: list[Array]) -> list[Array]:
        others = _products_of_others(weights)
        residual = task.variances * (task.strengths - (others[0] * weights[0]).sum(0))
        changes = [x * residual for x in others]
        return [x.sum(0, keepdims=True) if w.shape[0] == 1 else x for x, w in zip(changes, weights, strict=True)]

    return rate, amplitudes


def _products_of_others(weights: list[Array]) -> list[Array]:
    """For each layer the product of all other layers, without dividing: weights may be zero."""
    branches = max(x.shape[0] for x in weights)
    one = np.ones((branches, weights[0].shape[1]))
    before, after = [one], [one]
    for layer in weights[:-1]:
        before.append(before[-1] * layer)
    for layer in weights[:0:-1]:
        after.append(after[-1] * layer)
    return [a * b for a, b in zip(before, after[::-1], strict=True)]


def _matrix_flow(task: Task) -> tuple[_Rate, _Amplitudes]:
    target, covariance, basis = task.target, task.covariance, task.basis

    def amplitudes(weights: list[Array]) -> Array:
        product = weights[0]
        for layer in weights[1:]:
            product = layer @ product
        return np.asarray(np.einsum("ik,bij,jk->bk", basis, product, basis))

    def rate(weights: list[Array]) -> list[Array]:
        inputs = [np.eye(len(basis))[None]]
        for layer in weights:
            inputs.append(layer @ inputs[-1])
        # "delta" is what the error looks like at a layer's output, correlated with the network's inputs.
        residual = (target - inputs[-1].sum(0)) @ covariance
        delta = np.broadcast_to(residual, inputs[-1].shape)
        changes: list[Array] = []
        for layer, before in zip(weights[::-1], inputs[-2::-1], strict=True):
            change = delta @ np.swapaxes(before, -1, -2)
            changes.append(change.sum(0, keepdims=True) if change.shape[0] > layer.shape[0] else change)
            delta = np.swapaxes(layer, -1, -2) @ delta
        return changes[::-1]

    return rate, amplitudes


def _unpacked(state: Array, shapes: list[tuple[int, ...]]) -> list[Array]:
    ends = np.cumsum([int(np.prod(x)) for x in shapes])
    return [x.reshape(shape) for x, shape in zip(np.split(state, ends[:-1]), shapes, strict=True)]
