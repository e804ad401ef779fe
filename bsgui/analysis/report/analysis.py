"""``bsgui analyze``: examines a model on photos beside the wavelet baseline and other networks."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bsgui import __version__
from bsgui.analysis.photos import Row, check_size, evenly, load_squares, photo_rows, read_rows, to_tensor
from bsgui.analysis.realism import realism_scores
from bsgui.core.errors import UsageError
from bsgui.engine.decomposer import ModelSource

from .bootstrap import RESAMPLES, Estimate, Photos
from .domains import DomainClassifier, fit_classifier
from .examination import Examination, examine
from .findings import MEASURES, Findings, findings
from .masks import load_masks
from .subjects import Subject, find_subject, model_subject, wavelet_subject, weights_subject

KIND_COLUMNS = ("species", "domain", "kind", "class", "label")
_MASK_COLUMN = "mask"
_MOST_KINDS = 12
_MOST_FITTED = 600
_EXAMPLES = 4

Advance = Callable[[str, int, int], None]


@dataclass(frozen=True)
class AnalysisRequest:
    """What is to be analyzed.

    Attributes:
        model: a model's id, or the path of a weights file.
        photos: a folder, or an ``index.csv``.
        split: of the index; "" for all its photos.
        size: side of the squares, pixels.
        most: take at most so many photos, evenly spaced.
        domain: of the style, "" for the network's first.
        seed: of the style, and of all that is drawn at random.
        styles: how many further seeds the stability over styles looks at.
        against: other subjects beside the wavelet: ids, weights files, "untrained".
        realism: also train a classifier on re-blends, a minute or so a subject.
        relit: folder with the packs ``faces256`` and ``bench``, to measure the light share too; None: not.
        command: what was typed, for the record.
        is_file: whether ``model`` is a path.
    """

    model: str
    photos: Path
    split: str = "test"
    size: int = 128
    most: int | None = 200
    domain: str = ""
    seed: int = 0
    styles: int = 2
    against: tuple[str, ...] = ()
    realism: bool = False
    relit: Path | None = None
    command: str = ""
    is_file: bool = False


@dataclass(frozen=True, eq=False)
class Analysis:
    """What was found.

    Attributes:
        facts: photos, settings, versions, date, command; JSON-ready.
        findings: the model first, then the wavelet split, then the others.
        examinations: the same order; they hold the example pictures.
    """

    facts: dict[str, Any]
    findings: tuple[Findings, ...]
    examinations: tuple[Examination, ...]

    def difference(self, key: str, other: Findings) -> Estimate | None:
        """A headline measure of the model minus that of another, on the same photos; None if one has it not."""
        own = self.findings[0].headline
        return own[key].minus(other.headline[key]) if key in own and key in other.headline else None

    def to_json(self) -> dict[str, Any]:
        """Everything as plain values; ``differences`` are the model minus each other, on the same photos."""
        differences = {}
        for other in self.findings[1:]:
            pairs = {x: self.difference(x.key, other) for x in MEASURES}
            differences[other.name] = {
                measure.key: {**x.to_json(), "differs": differs(x, measure.digits)}
                for measure, x in pairs.items()
                if x is not None
            }
        return {**self.facts, "subjects": [x.to_json() for x in self.findings], "differences": differences}


def differs(difference: Estimate, digits: int) -> bool:
    """Whether the 95 % interval leaves 0 out, and the difference can be seen with so many digits."""
    return bool(difference.low > 0 or difference.high < 0) and abs(float(difference.value)) >= 0.5 * 10**-digits


def analyze(
    request: AnalysisRequest, store: ModelSource, advance: Advance = lambda stage, done, total: None
) -> Analysis:
    """Measure a model on photos.

    Args:
        request: what.
        store: where cards and weights are.
        advance: called with (stage, done, total).

    Raises:
        ModelError, PhotoReadError, UsageError.
    """
    subjects = _subjects(request, store)
    rows = photo_rows(request.photos, request.split, request.most)
    squares = load_squares(_files(rows), request.size, lambda i, n: advance("Reading photos", i, n))
    classifier, about_kind = _classifier(request, rows, squares, advance)
    examinations = examine(
        subjects,
        squares,
        seed=request.seed,
        styles=[request.seed + 1 + i for i in range(request.styles)],
        classifier=classifier,
        masks=_masks(request.photos, rows),
        examples=np.linspace(0, len(rows) - 1, _EXAMPLES).round().astype(int).tolist(),
        keep_pictures=request.realism,
        advance=lambda i, n: advance("Taking photos apart", i, n),
    )
    draws = Photos(len(rows), request.seed)
    found = tuple(findings(seen, draws) for seen in examinations)
    if request.realism:
        for number, (seen, finding) in enumerate(zip(examinations, found, strict=True)):
            advance("Judging re-blends", number, len(found))
            finding.headline["realism_auc"] = _realism(seen, squares, request.seed)
    lit = _look_at_lights(request, store, subjects, found, advance)
    return Analysis({**_facts(request, len(rows)), **lit, "kind": about_kind}, found, tuple(examinations))


def _subjects(request: AnalysisRequest, store: ModelSource) -> list[Subject]:
    if request.is_file:
        first = weights_subject(Path(request.model), request.domain)
    else:
        first = model_subject(request.model, store, request.domain)
    assert first.network is not None
    if request.domain and request.domain not in first.network.config.domains:
        raise UsageError(f"The model has no domain “{request.domain}”.")
    others = [find_subject(x, store, first.network, request.domain) for x in request.against]
    subjects = [first, wavelet_subject(), *others]
    for subject in subjects:
        if subject.network is not None:
            check_size(subject.network, request.size)
    names = [x.name for x in subjects]
    if len(set(names)) < len(names):
        raise UsageError("The model cannot be compared with itself, nor twice with the same.")
    return subjects


def _classifier(
    request: AnalysisRequest, rows: Sequence[Row], squares: NDArray[np.uint8], advance: Advance
) -> tuple[DomainClassifier | None, dict[str, Any]]:
    """A classifier of the photos' kind fitted on the index's other splits, and what is to be known of it."""
    column = next((x for x in KIND_COLUMNS if x in rows[0]), None)
    if column is None or not request.split:
        reason = "nothing names kinds of photos" if request.split else "all photos of the index are analyzed"
        return None, {"fitted": False, "reason": reason}
    others = [x for x in read_rows(request.photos, "") if x["split"] != request.split and x[column]]
    kinds = {x[column] for x in others}
    if not 2 <= len(kinds) <= _MOST_KINDS or not {x[column] for x in rows} <= kinds:
        return None, {"fitted": False, "reason": f"the other splits have {len(kinds)} kinds of {column}"}
    chosen = evenly(others, _MOST_FITTED)
    fitted_on = load_squares(_files(chosen), request.size, lambda i, n: advance("Reading other photos", i, n))
    classifier = fit_classifier(to_tensor(fitted_on), [x[column] for x in chosen], column)
    labels = np.array([classifier.classes.index(x[column]) for x in rows])
    right = classifier.log_probabilities(to_tensor(squares)).argmax(1).numpy() == labels
    return classifier, {
        "fitted": True,
        "column": column,
        "classes": list(classifier.classes),
        "fitted_on": len(chosen),
        "accuracy": Photos(len(rows), request.seed).mean(right).to_json(),
        "most_frequent": round(float(np.bincount(labels).max() / len(labels)), 4),
    }


def _masks(photos: Path, rows: Sequence[Row]) -> NDArray[np.bool_] | None:
    names = [x.get(_MASK_COLUMN, "") for x in rows]
    if not any(names):
        return None
    return load_masks([photos.parent / x if x else None for x in names])


def _realism(seen: Examination, squares: NDArray[np.uint8], seed: int) -> Estimate:
    """AUC, and what drawing other test photos and re-blends makes of it."""
    real, fake = realism_scores(torch.cat(seen.pictures), to_tensor(squares), seed + 1)
    wins = ((real[:, None] > fake).double() + 0.5 * (real[:, None] == fake).double()).numpy()
    rng = np.random.default_rng(seed)
    rows, columns = (rng.integers(0, size, (RESAMPLES, size)) for size in wins.shape)
    samples = np.array([wins[np.ix_(a, b)].mean() for a, b in zip(rows, columns, strict=True)])
    return Estimate(np.asarray(wins.mean()), samples)


def _look_at_lights(
    request: AnalysisRequest,
    store: ModelSource,
    subjects: Sequence[Subject],
    found: Sequence[Findings],
    advance: Advance,
) -> dict[str, Any]:
    """Add the light share to the findings, if it is wanted; says what it was measured on."""
    if request.relit is None:
        return {}
    from .lights import RelitFaces, light_headline, named_lights

    faces = RelitFaces.load(request.relit, request.size, request.seed)
    for subject, finding in zip(subjects, found, strict=True):
        named = named_lights(subject.name, store)
        shares, layers = light_headline(subject, faces, named, request.seed, advance)
        finding.headline.update(shares)
        names, how = ", ".join(layers), "by its card" if named else "found on validation faces"
        finding.facts["light"] = f"taken for light: {names} ({how})"
    return {"relit": faces.description}


def _files(rows: Sequence[Row]) -> list[Path]:
    return [Path(row["file"]) for row in rows]


def _facts(request: AnalysisRequest, count: int) -> dict[str, Any]:
    return {
        "format": 1,
        "photos": count,
        "from": str(request.photos),
        "split": request.split if request.photos.suffix == ".csv" else "",
        "size": request.size,
        "domain": request.domain,
        "seed": request.seed,
        "styles": request.styles,
        "resamples": RESAMPLES,
        "command": request.command,
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "versions": {"bsgui": __version__, "torch": torch.__version__, "python": platform.python_version()},
    }
