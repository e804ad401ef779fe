"""What is read off S networks: the race's measures, taken on photos, beside those of every decomposition."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bsgui.analysis.bands import octave_bands, remove_means, to_opponent
from bsgui.analysis.measures import PhotoMeasures, identity_score, measure
from bsgui.analysis.race.measures import division_of_labour
from bsgui.core.race import specialization_index

from .descent import losses
from .team import Team

Array = NDArray[np.float64]
Figures = dict[str, list[float]]

_BATCH = 16
_BANDS = 5
_SMALL = 1e-12


@torch.no_grad()
def pictures_of(team: Team, photos: Tensor) -> Tensor:
    """All pictures (B, S, N, 3, h, w) of any number of photos."""
    return torch.cat([team.pictures(part) for part in torch.split(photos, _BATCH)])


def amplitudes(pictures: Tensor, photos: Tensor) -> Array:
    """What each branch contributes to each mode, as in the race; a mode is learned where the branches' sum is 1.

    The modes are the octave bands of luma, fine to coarse, then those of colour. A contribution is the regression of
    the branch's band on the photos' own, over all photos and pixels.

    Args:
        pictures: (B, S, N, 3, h, w).
        photos: (B, 3, h, w).

    Returns:
        (S, N, 2 * bands).
    """
    luma: list[Tensor] = []
    colour: list[Tensor] = []
    for own, whole in _bands(pictures, photos):
        for modes, channels in ((luma, slice(0, 1)), (colour, slice(1, 3))):
            common = torch.einsum("bsnchw,bchw->sn", own[:, :, :, channels], whole[:, channels])
            modes.append(common / whole[:, channels].square().sum().clamp_min(_SMALL))
    return np.asarray(torch.stack(luma + colour, -1).double().numpy())


def ownership(pictures: Tensor, photos: Tensor) -> Array:
    """How far every single place of every band has one owner: the index of the places' magnitudes, (S,), 0 … 1.

    Places count by the photo's own magnitude there. Unlike :func:`amplitudes` it also sees experts in places, in
    polarity and in what is seen; but a random network's branches, too, differ from place to place.
    """
    found = []
    for own, whole in _bands(pictures, photos):
        size = own.square().sum(3).sqrt()
        shares = size / size.sum(2, keepdim=True).clamp_min(_SMALL)
        count = size.shape[2]
        index = (count * shares.square().sum(2) - 1) / (count - 1)
        weight = whole.square().sum(1).sqrt().unsqueeze(1)
        found.append((index * weight).sum((0, 2, 3)) / weight.sum())
    return np.asarray(torch.stack(found).mean(0).double().numpy())


def _bands(pictures: Tensor, photos: Tensor) -> list[tuple[Tensor, Tensor]]:
    batch, seeds, count = pictures.shape[:3]
    own = octave_bands(to_opponent(remove_means(pictures)).flatten(1, 3), _BANDS)
    whole = octave_bands(to_opponent(remove_means(photos)), _BANDS)
    return [(x.reshape(batch, seeds, count, 3, *x.shape[2:]), y) for x, y in zip(own, whole, strict=True)]


def examine(team: Team, held_out: Tensor, trained_on: Tensor) -> tuple[Figures, Array]:
    """All measures of all networks.

    Args:
        team: as it is.
        held_out: (B, 3, h, w) photos it was not trained on.
        trained_on: (B, 3, h, w) photos of the training split, for the loss by which restarts are picked.

    Returns:
        One figure per network under each measure's name, and the :func:`amplitudes`.
    """
    pictures = pictures_of(team, held_out)
    found = amplitudes(pictures, held_out)
    mean = held_out.mean((2, 3), keepdim=True)
    parts = [measure(pictures[:, seed], held_out, mean) for seed in range(team.seeds)]
    figures = {
        "fidelity": [float(x.psnr_db.mean()) for x in parts],
        "index": specialization_index(found).tolist(),
        "division": division_of_labour(found).tolist(),
        "ownership": ownership(pictures, held_out).tolist(),
        "redundancy": [float(x.redundancy.mean()) for x in parts],
        "cancellation": [float(x.cancellation.mean()) for x in parts],
        "smallest_share": [float(x.shares.mean(0).min()) for x in parts],
        "identity": [_identity(x) for x in parts],
        "loss": losses(pictures_of(team, trained_on), trained_on, 0.0).tolist(),
    }
    return figures, found


def _identity(measures: PhotoMeasures) -> float:
    half = np.arange(len(measures.signatures)) % 2 == 0
    return identity_score(measures.signatures[half], measures.signatures[~half])


def kept_lead(start: Array, end: Array) -> list[float]:
    """In how many modes the final owner is who contributed most before training: (S, N, M) twice -> S; chance 1/N."""
    return (start.argmax(1) == np.abs(end).argmax(1)).mean(1).tolist()  # type: ignore[no-any-return]
