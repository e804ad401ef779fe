"""``bsgui decompose``: photos in, PNG stacks out."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bsgui.core.decomposition import Decomposition
from bsgui.core.errors import BsguiError, ModelError, UsageError
from bsgui.core.frame import Frame
from bsgui.core.manifest import Manifest
from bsgui.core.model_card import ModelCard
from bsgui.core.photo import Photo
from bsgui.core.requests import (
    Adapter,
    AdaptRequest,
    CancelToken,
    Decomposer,
    DecomposeRequest,
    DecomposeSettings,
    Progress,
    ProgressCallback,
    SubjectFinder,
)
from bsgui.imageio.folder_swap import check_is_free
from bsgui.imageio.limits import ReadLimits
from bsgui.imageio.model_store import ModelStore, default_model_folders
from bsgui.imageio.read_photo import read_photo
from bsgui.imageio.write_stack import ExportOptions, write_stack

from .frames import AUTO, chosen_subject
from .interrupt import cancel_on_interrupt
from .output import ProgressBar, print_json, quiet_libraries, say
from .styles import chosen_styles


def decompose(arguments: argparse.Namespace) -> int:
    """Decompose every photo; a photo that fails is named on stderr and the others go on.

    Returns:
        0, or the status of the failure that matters most: 3 when a photo could not be read.

    Raises:
        ModelError, UsageError: the request is wrong for every photo; nothing (more) is done.
        Cancelled: Ctrl-C; finished photos stay, the one in work leaves nothing.
    """
    store = ModelStore(default_model_folders())
    card = store.card(arguments.model)
    settings = request_settings(arguments, card)
    # What is found is framed by what was asked for: the domain, or else any that the model knows.
    wanted = ((arguments.domain,) if arguments.domain else card.domains) if arguments.frame == AUTO else ()
    options = ExportOptions(depth=arguments.depth, overwrite=arguments.overwrite)
    statuses = {0}
    with cancel_on_interrupt() as cancel:
        limits = read_limits(arguments.max_megapixels)
        batch = _Batch(store, settings, limits, options, cancel, arguments.adapt, wanted)
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


def request_settings(arguments: argparse.Namespace, card: ModelCard) -> DecomposeSettings:
    """Check what was asked against the model's card.

    Raises:
        UsageError: unknown domain, a size the model was not made for, or a style for a branch it does not have.
    """
    if arguments.domain and arguments.domain not in card.domains:
        raise UsageError(f"The model “{card.id}” has no domain “{arguments.domain}”; it has {', '.join(card.domains)}.")
    size = card.size if arguments.size is None else arguments.size
    if not card.min_size <= size <= card.max_size:
        raise UsageError(f"The model “{card.id}” works at sizes from {card.min_size} to {card.max_size}, not {size}.")
    domain = arguments.domain or card.domains[0]
    styles = chosen_styles(arguments.style, card, domain)
    frame = arguments.frame if isinstance(arguments.frame, Frame) else None
    return DecomposeSettings(card.id, domain, arguments.seed, size, arguments.device, styles=styles, frame=frame)


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
    """What all photos of one run share.

    Attributes:
        domains_to_find: a subject is looked for in each photo, of one of these kinds if there is one; (): none is.
    """

    store: ModelStore
    settings: DecomposeSettings
    limits: ReadLimits
    options: ExportOptions
    cancel: CancelToken
    adapt_seconds: float = 0.0
    domains_to_find: Sequence[str] = ()
    _engine: Decomposer | None = None
    _adapter: Adapter | None = None
    _finder: SubjectFinder | None = None

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
            settings = self._framed(photo, report) if self.domains_to_find else self.settings
            clock.append(time.perf_counter())
            decomposition = self._engine.decompose(DecomposeRequest(photo, settings), report, self.cancel)
            decomposition = self._adapted(decomposition, report)
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

    def _framed(self, photo: Photo, report: ProgressCallback) -> DecomposeSettings:
        report(Progress(0, 1, "Looking for a subject"))
        self._finder = self._finder or _make_finder()
        subject = chosen_subject(self._finder.find(photo, self.cancel), self.domains_to_find)
        if subject is None:
            say(f"{photo.name}: no face, cat or dog was found; the whole photo is taken apart.")
            return self.settings
        say(f"{photo.name}: a {subject.kind} was found and framed ({100 * subject.score:.0f} % sure).")
        return replace(self.settings, frame=subject.frame)

    def _adapted(self, decomposition: Decomposition, report: ProgressCallback) -> Decomposition:
        if not self.adapt_seconds:
            return decomposition
        self._adapter = self._adapter or _make_adapter(self.store)
        request = AdaptRequest(decomposition, self.settings.device, self.adapt_seconds)
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
    return (
        f"{record['photo']} → {record['folder']}: {len(record['layers'])} layers, "
        f"max error {record['max_error_lsb']:g}/255, "
        f"{record['psnr_without_residual_db']:.1f} dB without the residual, {sum(record['seconds'].values()):.1f} s"
    )
