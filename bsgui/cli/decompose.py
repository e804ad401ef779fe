"""``bsgui decompose``: photos in, PNG stacks out."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bsgui.core.decomposition import Decomposition
from bsgui.core.errors import BsguiError, ModelError, UsageError
from bsgui.core.manifest import Manifest
from bsgui.core.requests import (
    Adapter,
    AdaptRequest,
    CancelToken,
    Decomposer,
    DecomposeRequest,
    Progress,
    ProgressCallback,
    SubjectFinder,
)
from bsgui.imageio.folder_swap import check_is_free
from bsgui.imageio.limits import ReadLimits
from bsgui.imageio.model_store import ModelStore, default_model_folders
from bsgui.imageio.read_photo import read_photo
from bsgui.imageio.write_stack import ExportOptions, write_stack

from .choice import SettingsChooser
from .interrupt import cancel_on_interrupt
from .output import ProgressBar, print_json, quiet_libraries, say


def decompose(arguments: argparse.Namespace) -> int:
    """Decompose every photo; a photo that fails is named on stderr and the others go on.

    Returns:
        0, or the status of the failure that matters most: 3 when a photo could not be read.

    Raises:
        ModelError, UsageError: the request is wrong for every photo; nothing (more) is done.
        Cancelled: Ctrl-C; finished photos stay, the one in work leaves nothing.
    """
    store = ModelStore(default_model_folders())
    options = ExportOptions(depth=arguments.depth, overwrite=arguments.overwrite)
    statuses = {0}
    with cancel_on_interrupt() as cancel:
        limits = read_limits(arguments.max_megapixels)
        chooser = SettingsChooser(arguments, store, _make_finder, cancel)
        batch = _Batch(store, chooser, limits, options, cancel, arguments.adapt)
        for path, name in zip(arguments.photos, folder_names(arguments.photos), strict=True):
            cancel.raise_if_cancelled()
            try:
                record = batch.decompose(path, arguments.out / name)
            except (ModelError, UsageError):
                raise
            except BsguiError as error:
                say(error.user_message if path.name in error.user_message else f"{path}: {error.user_message}")
                statuses.add(error.exit_status)
            else:
                if arguments.json:
                    print_json(record)
                else:
                    print(_sentence(record), flush=True)
    return max(statuses)


def read_limits(max_megapixels: float | None) -> ReadLimits:
    """The limits for reading photos, with the person's number of megapixels if there is one."""
    return ReadLimits() if max_megapixels is None else ReadLimits(max_pixels=round(max_megapixels * 1e6))


def folder_names(photos: Sequence[Path]) -> list[str]:
    """One folder name per photo: its stem, with a suffix for stems that came before.

    Depends on the order of the photos only, not on which of them can be read. Stems that differ in case alone
    count as equal, because some file systems say so.
    """
    names: list[str] = []
    taken: set[str] = set()
    for photo in photos:
        stem = photo.stem.strip(". ") or "photo"
        name, number = stem, 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name.casefold())
        names.append(name)
    return names


def peak_rss_mib() -> float:
    """The most memory this process has held so far, in MiB."""
    if sys.platform == "win32":
        import psutil

        return float(psutil.Process().memory_info().peak_wset) / 2**20
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak) / (2**20 if sys.platform == "darwin" else 2**10)


def _make_engine(store: ModelStore) -> Decomposer:
    from bsgui.engine.decomposer import TorchDecomposer

    return TorchDecomposer(store)


def _make_finder() -> SubjectFinder:
    from bsgui.engine.finder import HeadFinder

    return HeadFinder()


def _make_adapter(store: ModelStore) -> Adapter:
    from bsgui.training.adapt import PhotoAdapter

    return PhotoAdapter(store)


@dataclass
class _Batch:
    """What all photos of one run share."""

    store: ModelStore
    chooser: SettingsChooser
    limits: ReadLimits
    options: ExportOptions
    cancel: CancelToken
    adapt_seconds: float = 0.0
    _engine: Decomposer | None = None
    _adapter: Adapter | None = None

    def decompose(self, path: Path, folder: Path) -> dict[str, Any]:
        """Take one photo apart and write its stack; what there is to say about it."""
        with suppress(OSError):  # Trouble with the folder is reported when it is written to.
            check_is_free(folder, self.options.overwrite)
        clock = [time.perf_counter()]
        with quiet_libraries():
            photo = read_photo(path, self.limits)
        with ProgressBar(path.name) as report:
            report(Progress(0, 1, "Starting the engine"))
            # torch is imported here, after the first photo turned out to be one.
            self._engine = self._engine or _make_engine(self.store)
            settings = self.chooser.settings(photo, report)
            clock.append(time.perf_counter())
            decomposition = self._engine.decompose(DecomposeRequest(photo, settings), report, self.cancel)
            decomposition = self._adapted(decomposition, settings.device, report)
            clock.append(time.perf_counter())
            stack = decomposition.initial_stack()
            manifest = write_stack(decomposition, stack, folder, self.options, report, self.cancel)
        clock.append(time.perf_counter())
        for note in (*photo.notes, *decomposition.notes):
            say(f"{path.name}: {note}")
        seconds = dict(decomposition.seconds)
        seconds["load"] = seconds.get("load", 0.0) + clock[1] - clock[0]
        seconds["export"] = clock[3] - clock[2]
        return _record(path, folder, decomposition, manifest, seconds)

    def _adapted(self, decomposition: Decomposition, device: str, report: ProgressCallback) -> Decomposition:
        if not self.adapt_seconds:
            return decomposition
        self._adapter = self._adapter or _make_adapter(self.store)
        request = AdaptRequest(decomposition, device, self.adapt_seconds)
        return self._adapter.adapt(request, report, self.cancel)


def _record(
    path: Path, folder: Path, decomposition: Decomposition, manifest: Manifest, seconds: dict[str, float]
) -> dict[str, Any]:
    asked = decomposition.provenance
    stages = ("load", "network", "layers", *(("adapt",) if "adapt" in seconds else ()), "export")
    return {
        "photo": str(path),
        "folder": str(folder),
        "width": decomposition.photo.width,
        "height": decomposition.photo.height,
        "model": asked.model,
        "domain": asked.domain,
        "seed": asked.seed,
        "styles": [asdict(style) for style in asked.styles],
        "frame": asdict(asked.frame) if asked.frame else None,
        "layers": [
            {"index": x.index, "name": x.name, "file": x.file, "energy_share": round(x.energy_share, 6)}
            for x in manifest.layers
        ],
        "psnr_without_residual_db": round(decomposition.psnr_without_residual_db, 3),
        "max_error_lsb": manifest.max_error_lsb,
        "adapted_steps": asked.adapted_steps,
        "seconds": {stage: round(seconds.get(stage, 0.0), 4) for stage in stages},
        "peak_rss_mib": round(peak_rss_mib(), 1),
    }


def _sentence(record: dict[str, Any]) -> str:
    where = " in the frame" if record["frame"] else ""
    return (
        f"{record['photo']} → {record['folder']}: {len(record['layers'])} layers, "
        f"max error {record['max_error_lsb']:g}/255, "
        f"{record['psnr_without_residual_db']:.1f} dB without the residual{where}, "
        f"{sum(record['seconds'].values()):.1f} s"
    )
