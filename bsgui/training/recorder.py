"""Records a run while it trains, for the laboratory to play back: measures, and the layers of a few photos."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bsgui.analysis.bands import remove_means
from bsgui.analysis.measures import PhotoMeasures, correlations, identity_score, measure
from bsgui.analysis.photos import evenly, to_tensor
from bsgui.core.photo import Photo
from bsgui.core.pyramid import working_copy
from bsgui.core.recording import Moment, MomentMeasures, QuantizedMaps, RecordedPhoto, Recording
from bsgui.engine.decomposer import centred_maps, chosen_styles, working_picture
from bsgui.engine.network import BranchedGenerator
from bsgui.engine.tensors import to_tensor as picture_tensor
from bsgui.imageio.read_photo import read_photo
from bsgui.imageio.recording import FILE_NAME, read_recording, write_recording
from bsgui.imageio.resource_paths import resource

from .data import Pack, decode, read_index
from .record_plan import SamplePhoto

if TYPE_CHECKING:
    from .config import TrainConfig

_BATCH = 8
_FEWEST_FOR_IDENTITY = 4
_SHOWN_SIDE = 448
"""Photos are kept at this size: what a window shows them at."""


class Recorder:
    """Writes ``recording.safetensors`` into a run's folder, and goes on with the one that is there.

    Nothing of it touches the run: weights and random numbers are as they would be without it.

    Args:
        config: of the run.
        folder: of the run.

    Thread: the trainer's.
    """

    def __init__(self, config: TrainConfig, folder: Path) -> None:
        self._config, self._plan = config, config.record
        self._path = folder / FILE_NAME
        self._last = config.until or config.steps
        self._recording: Recording | None = None

    def note(self, network: BranchedGenerator, step: int, seconds: float) -> None:
        """Record the network, if this step is one that is recorded.

        Args:
            network: in evaluation mode, on any device.
            step: optimizer steps done.
            seconds: training time until now.

        Raises:
            PhotoReadError, UsageError: a photo to be recorded or measured cannot be read.
            ExportError: the recording cannot be written.
        """
        if not self._plan.includes(step, self._last):
            return
        with torch.inference_mode(), torch.random.fork_rng(devices=[]):
            measures = self._measure(network)
            if not np.isfinite([measures.fidelity_db, measures.cancellation]).all():
                return  # It has diverged: there is nothing to be seen, and what came before stays.
            moment = Moment(step, seconds, measures, tuple(self._maps(network)))
        self._recording = (self._recording or self._begun(step)).with_moment(moment)
        write_recording(self._path, self._recording)

    def _begun(self, step: int) -> Recording:
        """The recording of this run until this step: of an earlier piece of the run, or a new one."""
        new = self._new_recording
        if step == 0 or not self._path.exists():
            return new
        old = read_recording(self._path).before(step)
        return old if old.is_like(new) else new

    @cached_property
    def _new_recording(self) -> Recording:
        plan, config = self._plan, self._config
        count = config.network.branches
        names = plan.branches or tuple(f"Branch {number}" for number in range(1, count + 1))
        title = plan.title or str(config.source.get("card", {}).get("name", config.name))
        return Recording(title, plan.description or self._description, names, self._size, self._photos)

    @property
    def _description(self) -> str:
        config = self._config
        sizes = " and ".join(f"{size}" for size in sorted(set(config.sizes)))
        return (
            f"{config.network.branches} branches, {self._last:,} steps of {config.batch} photos of {sizes} pixels. "
            f"Measured on {len(self._squares)} validation photos."
        )

    # ---- layers ------------------------------------------------------------------------------------------------

    @property
    def _size(self) -> int:
        return self._plan.size or self._config.sizes[0]

    @cached_property
    def _photos(self) -> tuple[RecordedPhoto, ...]:
        return tuple(_recorded_photo(sample) for sample in self._plan.photos)

    def _maps(self, network: BranchedGenerator) -> list[QuantizedMaps]:
        styles = chosen_styles(network, "", 0)
        pictures = [working_picture(x.photo, self._size, network.config.multiple) for x in self._photos]
        maps = [network(picture_tensor(picture).to(styles.device), styles) for picture in pictures]
        return [QuantizedMaps.of(*centred_maps(x, picture)) for x, picture in zip(maps, pictures, strict=True)]

    # ---- measures ----------------------------------------------------------------------------------------------

    @cached_property
    def _squares(self) -> NDArray[np.uint8]:
        """The photos that are measured: (n, side, side, 3)."""
        packs, side = self._config.data, self._config.sizes[0]
        share = -(-self._plan.measured // len(packs))
        files = [path for pack in packs for path in _validation_files(pack, share)]
        photos = [cv2.resize(decode(path), (side, side), interpolation=cv2.INTER_AREA) for path in files]
        return np.asarray(photos, np.uint8)

    def _measure(self, network: BranchedGenerator) -> MomentMeasures:
        parts, matrices = [], []
        device = next(network.parameters()).device
        for start in range(0, len(self._squares), _BATCH):
            photos = to_tensor(self._squares[start : start + _BATCH]).to(device)
            maps = network(photos, chosen_styles(network, "", 0).expand(len(photos), -1, -1))
            branches = maps.pictures(photos)
            parts.append(measure(branches, photos, maps.mean))
            matrices.append(correlations(remove_means(branches)))
        return _moment_measures(PhotoMeasures.join(parts), torch.cat(matrices))


def _moment_measures(measures: PhotoMeasures, matrices: Tensor) -> MomentMeasures:
    profile = measures.profile.mean(0)
    return MomentMeasures(
        fidelity_db=float(measures.psnr_db.mean()),
        # One branch has nobody to be like.
        redundancy=float(np.nan_to_num(measures.redundancy).mean()),
        cancellation=float(measures.cancellation.mean()),
        identity=_identity(measures.signatures),
        shares=measures.shares.mean(0),
        colours=profile[:, -3],
        skewness=profile[:, -2],
        bands=profile[:, :-3],
        correlation=matrices.mean(0).float().cpu().numpy(),
    )


def _identity(signatures: NDArray[np.float32]) -> float:
    if len(signatures) < _FEWEST_FOR_IDENTITY:
        return float("nan")
    half = np.arange(len(signatures)) % 2 == 0
    with torch.inference_mode(False), torch.enable_grad():
        return identity_score(signatures[half], signatures[~half])


def _recorded_photo(sample: SamplePhoto) -> RecordedPhoto:
    path = Path(sample.file)
    photo = read_photo(path if path.is_absolute() else resource(f"samples/{path}"))
    samples = np.rint(working_copy(photo.samples, _SHOWN_SIDE) * 255).astype(np.uint8)
    digest = hashlib.sha256(samples.tobytes()).hexdigest()
    return RecordedPhoto(Photo(samples, sample.name or photo.stem, digest), sample.credit)


def _validation_files(pack: Pack, most: int) -> list[Path]:
    rows = [{"file": str(entry.file)} for entry in read_index(pack, "val")]
    return [Path(row["file"]) for row in evenly(rows, most)]
