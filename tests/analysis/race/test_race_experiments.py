"""Experiments of record: what they are made of, verdicts, files, and the same figures from the same seed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bsgui.analysis.race.experiments.register import EXPERIMENTS, find_experiments
from bsgui.analysis.race.findings import Bench, Check, Curve, Findings, Panel, agrees, falls, rises
from bsgui.analysis.race.measures import band, course_errors, decision_times, division_of_labour, overlaps
from bsgui.analysis.race.report import findings_csv, write_findings, write_report
from bsgui.core.errors import Cancelled, ExportError, UsageError
from bsgui.core.race import RaceConfig, RaceCourse
from bsgui.core.race_csv import course_csv
from bsgui.tasks.cancel import CancelSource

SEEDS = 4


def made_up(*kept: bool) -> Findings:
    curve = Curve("measured", (1.0, 2.0), np.array([[0.0, 0.2, 0.1], [0.5, 0.6, 0.4]]))
    panel = Panel("A <title>", "x", "y", (curve, Curve("theory", (1.0, 2.0), np.array([[0.1], [0.5]]), True)))
    return Findings((panel,), tuple(Check(f"claim {k} & more", x, "1 < 2") for k, x in enumerate(kept)), RaceConfig())


def test_the_verdict_follows_from_the_checks() -> None:
    assert made_up(True, True).verdict == "kept"
    assert made_up(True, False).verdict == "mixed"
    assert made_up(False, False).verdict == "refuted"


def test_a_band_is_students_interval() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0])
    # t(0.975, 3) = 3.182446, deviation 1.290994, over √4.
    assert band(values).mean == 2.5
    assert band(values).high == pytest.approx(2.5 + 3.182446 * 1.290994 / 2, rel=1e-5)
    assert band(values[:1]).low == -np.inf


def test_rising_must_be_sure() -> None:
    base = np.array([0.0, 1.0, 2.0, 3.0])
    assert rises([base, base + 0.1])
    assert falls([base, base - 0.1])
    assert not rises([base, base[::-1] + 0.1])


def test_agreement_is_within_the_tolerance_everywhere() -> None:
    measured, predicted = made_up(True).panels[0].curves
    assert agrees(measured, predicted, 0.01).kept
    assert not agrees(Curve("m", (1.0, 2.0), measured.values + 0.05), predicted, 0.01).kept


def test_division_of_labour_tells_specialists_from_a_single_winner() -> None:
    assert division_of_labour(np.eye(4)) == pytest.approx(1.0)
    one_takes_all = np.zeros((4, 4))
    one_takes_all[0] = 1.0
    assert division_of_labour(one_takes_all) == pytest.approx(0.0, abs=1e-12)


def test_a_mode_is_decided_when_half_is_learned_and_the_final_winner_leads_for_good() -> None:
    times = np.arange(5.0)
    first = np.array([0.0, 0.4, 0.6, 0.5, 0.5])
    second = np.array([0.1, 0.1, 0.1, 0.3, 0.7])
    course = RaceCourse(times, np.stack([first, second], axis=1).reshape(5, 1, 2, 1))
    assert decision_times(course, np.array([1.0]))[0, 0] == 4.0
    assert decision_times(course, np.array([9.0]))[0, 0] == np.inf


def test_errors_and_overlaps() -> None:
    predicted = RaceCourse(np.arange(2.0), np.ones((2, 1, 3, 2)))
    off = RaceCourse(np.arange(2.0), np.ones((2, 1, 3, 2)) * 1.1)
    np.testing.assert_allclose(course_errors(off, predicted), 0.1)
    np.testing.assert_allclose(overlaps(np.array([[[1.0, 0.0], [1.0, 2.0]]]), [(0, 1)]), 0.5)


@pytest.mark.parametrize("name", ["spread", "swap", "freeze", "correlation"])
def test_an_experiment_runs_with_all_it_says(name: str) -> None:
    bench = Bench(seeds=SEEDS)
    findings = EXPERIMENTS[name].work(bench)
    assert bench.races
    assert all(x.seeds == SEEDS for x in bench.races)
    for panel in findings.panels:
        assert any(x.predicted for x in panel.curves) or len(panel.curves) > 1
        for curve in panel.curves:
            assert curve.values.shape[0] == len(curve.x)
            assert np.isfinite(curve.values).all()
    assert findings.checks
    # What holds for correlated tasks of full normal matrices takes more than four races to tell.
    assert findings.verdict == "kept" or name == "correlation"


def test_there_is_an_experiment_for_every_question_of_the_laboratory() -> None:
    assert set(EXPERIMENTS) >= {
        "depth", "scale", "spread", "branches", "rate", "optimizer", "gap", "correlation", "equal", "bottleneck",
        "swap", "freeze", "flow", "winner", "networks",
    }  # fmt: skip
    assert find_experiments("all") == list(EXPERIMENTS.values())
    with pytest.raises(UsageError, match="deepness"):
        find_experiments("deepness")


def test_a_cancelled_experiment_stops() -> None:
    source = CancelSource()
    source.cancel()
    with pytest.raises(Cancelled):
        EXPERIMENTS["depth"].work(Bench(SEEDS, cancel=source))


def test_the_same_seed_writes_the_same_files(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        bench = Bench(seeds=SEEDS)
        write_findings(tmp_path / folder, EXPERIMENTS["spread"], EXPERIMENTS["spread"].work(bench), bench)
    for kind in ("csv", "json", "svg", "png"):
        one, two = (tmp_path / x / f"spread.{kind}" for x in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


def test_the_report_is_one_page_with_everything_in_it(tmp_path: Path) -> None:
    bench = Bench(seeds=SEEDS)
    write_findings(tmp_path, EXPERIMENTS["depth"], made_up(True, False), bench)
    page = write_report(tmp_path).read_text(encoding="utf-8")
    assert "claim 1 &amp; more" in page
    assert "does not hold" in page
    assert "data:image/svg+xml;base64," in page
    assert "bsgui lab run depth --seeds 4 --seed 0" in page
    assert not any(x in page for x in ('src="http', "<script", "@import"))
    data = json.loads((tmp_path / "depth.json").read_text(encoding="utf-8"))
    assert RaceConfig.from_json(data["config"]) == RaceConfig()
    assert data["panels"][0]["curves"][0]["mean"] == pytest.approx([0.1, 0.5])


def test_a_folder_without_experiments_and_a_damaged_one_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no experiments"):
        write_report(tmp_path / "nowhere")
    (tmp_path / "depth.json").write_text('{"name": "depth"}')
    (tmp_path / "depth.svg").write_text("<svg/>")
    with pytest.raises(UsageError, match=r"depth\.json"):
        write_report(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="file"):
        write_findings(tmp_path / "file" / "lab", EXPERIMENTS["depth"], made_up(True), Bench(SEEDS))


def test_csv_has_one_row_per_value() -> None:
    rows = findings_csv(made_up(True)).splitlines()
    assert len(rows) == 1 + 2 + 2
    assert rows[1].startswith("A <title>,measured,measured,1.0,0.1")
    course = RaceCourse(np.arange(2.0), np.ones((2, 1, 3, 2)))
    lines = course_csv(course, course).splitlines()
    assert len(lines) == 1 + 2 * 3 * 2
    assert lines[-1] == "1.0,0,3,2,1.0,0.3333333333333333,1.0"
