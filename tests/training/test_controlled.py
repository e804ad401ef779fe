import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bsgui.analysis.bands import remove_means
from bsgui.analysis.race.figures import panels_svg
from bsgui.core.errors import ModelError, UsageError
from bsgui.engine.network import BranchedGenerator
from bsgui.training.controlled import contenders, measures
from bsgui.training.controlled.__main__ import main
from bsgui.training.controlled.bench import Bench
from bsgui.training.controlled.comparison import compare
from bsgui.training.controlled.config import ControlledConfig, read_controlled_config
from bsgui.training.controlled.contenders import BLOCKS
from bsgui.training.controlled.descent import cancelled, losses
from bsgui.training.controlled.report import panels
from bsgui.training.controlled.restarts import fit_heads
from bsgui.training.controlled.results import Result, Results
from bsgui.training.controlled.team import Team, trained
from bsgui.training.controlled.verdicts import verdicts
from bsgui.training.data import Pack


@pytest.fixture
def config(pack_index: Path) -> ControlledConfig:
    small = {"branches": 3, "widths": (4,), "size": 16, "seeds": 2, "steps": 4, "batch": 2, "turn": 2, "records": 3}
    return ControlledConfig("tiny", (Pack(pack_index),), **small, measured=8, fitted=2, restarts=2, split="train")


@pytest.fixture
def photos(config: ControlledConfig) -> torch.Tensor:
    return Bench(config).held_out


def weights(team: Team, branch: int) -> torch.Tensor:
    return torch.cat([x.detach().flatten() for x in trained(team.members[branch])])


def test_a_team_is_the_branched_generator_taken_apart(config: ControlledConfig, photos: torch.Tensor) -> None:
    config = replace(config, seeds=1)
    team = Team(config)
    whole = BranchedGenerator(replace(config.member, branches=3))
    with torch.no_grad():
        for name, value in whole.named_parameters():
            parts = [dict(member.named_parameters())[name] for member in team.members]
            value.copy_(parts[0] if name.startswith("mapping") else torch.cat(parts))
        expected = whole(photos, torch.zeros(len(photos), 3, 1)).pictures(photos)
        torch.testing.assert_close(team.pictures(photos)[:, 0], expected)


def test_networks_of_a_team_have_no_gradient_in_common(config: ControlledConfig, photos: torch.Tensor) -> None:
    team = Team(config)
    losses(team.pictures(photos), photos, 0.3)[0].backward()
    for member in team.members:
        for weight in trained(member):
            assert weight.grad is not None
            assert not weight.grad.view(2, -1)[1].any()
    assert team.members[0].head.weight.grad is not None
    assert team.members[0].head.weight.grad.view(2, -1)[0].any()


def test_equal_draws_give_equal_weights_and_others_do_not(config: ControlledConfig) -> None:
    assert torch.equal(weights(Team(config), 1), weights(Team(config), 1))
    assert not torch.equal(weights(Team(config), 1), weights(Team(config), 2))
    assert not torch.equal(weights(Team(config), 1), weights(Team(config, draw=1), 1))


def test_picture_heads_leave_the_photo_out(config: ControlledConfig, photos: torch.Tensor) -> None:
    team = Team(config, "picture")
    with torch.no_grad():
        for member in team.members:
            member.head.weight.zero_()
            member.head.bias.copy_(torch.tensor([1.0, 1, 1, 0, 0, 0] * 2))
        assert not team.pictures(photos).any()
        team.heads = "affine"
        assert team.pictures(photos).any()


def test_excess_is_zero_where_nothing_cancels() -> None:
    picture = remove_means(torch.randn(2, 1, 1, 3, 8, 8))
    agreeing, fighting = torch.cat([picture, picture], 2) / 2, torch.cat([2 * picture, -picture], 2)
    assert cancelled(agreeing).item() == pytest.approx(0, abs=5e-3)
    assert cancelled(fighting).item() > 1


def test_the_loss_of_an_exact_sum_is_zero(photos: torch.Tensor) -> None:
    halves = (remove_means(photos) / 2)[:, None, None].expand(-1, 2, 2, -1, -1, -1)
    assert losses(halves, photos, 0.0).tolist() == pytest.approx([0, 0], abs=1e-6)


def test_amplitudes_add_up_to_one_and_tell_owners(photos: torch.Tensor) -> None:
    target = remove_means(photos)
    alike = torch.stack([target, target], 1)[:, None] / 2
    one = torch.stack([target, 0 * target], 1)[:, None]
    pictures = torch.cat([alike, one], 1)
    found = measures.amplitudes(pictures, photos)
    np.testing.assert_allclose(found.sum(1), 1, rtol=1e-5)
    np.testing.assert_allclose(found[0], 0.5, rtol=1e-5)
    np.testing.assert_allclose(measures.ownership(pictures, photos), [0, 1], atol=1e-5)


def test_a_lead_is_kept_where_the_owner_led() -> None:
    start = np.array([[[0.2, -0.9], [0.1, 0.1]]])
    end = np.array([[[0.9, 0.2], [0.1, -0.8]]])
    assert measures.kept_lead(start, end) == [1.0]
    assert measures.kept_lead(-start, end) == [0.0]


@pytest.mark.parametrize("train", [contenders.jointly, contenders.one_after_the_other, contenders.in_turns])
def test_every_branch_is_updated_as_often(config: ControlledConfig, train: Callable[..., None]) -> None:
    bench, team, seen = Bench(config), Team(config), []
    bench.advance = seen.append
    before = [weights(team, branch) for branch in range(3)]
    train(bench, team, 0.3)
    assert sum(seen) == 3 * config.steps
    assert all(not torch.equal(weights(team, branch), before[branch]) for branch in range(3))


def test_descent_brings_the_loss_down(config: ControlledConfig, photos: torch.Tensor) -> None:
    bench, team = Bench(replace(config, steps=20, rate=1e-2)), Team(config)
    before = losses(measures.pictures_of(team, photos), photos, 0.0)
    contenders.jointly(bench, team, 0.0)
    assert (losses(measures.pictures_of(team, photos), photos, 0.0) < before).all()
    assert [step for step, _ in bench.course] == [0, 5, 20]


def test_earlier_branches_stand_still(config: ControlledConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    bench, team = Bench(config), Team(config)
    after: list[torch.Tensor] = []
    bench.advance = lambda _: after.append(weights(team, 0))
    contenders.one_after_the_other(bench, team, 0.0)
    assert not torch.equal(after[0], after[config.steps - 1])
    assert torch.equal(after[config.steps - 1], after[-1])


def test_equal_branches_stay_equal_until_noise_breaks_the_tie(config: ControlledConfig) -> None:
    bench = Bench(config)
    quiet, noisy = Team(config), Team(config)
    contenders.from_equal(bench, quiet, 0.3)
    assert torch.equal(weights(quiet, 0), weights(quiet, 2))
    contenders.from_equal_with_noise(bench, noisy, 0.3)
    assert not torch.equal(weights(noisy, 0), weights(noisy, 2))


def test_an_ensemble_is_the_mean_of_what_each_would_show_alone(config: ControlledConfig, photos: torch.Tensor) -> None:
    bench, team = Bench(config), Team(config)
    contenders.averaged(bench, team, 0.0)
    shown = measures.pictures_of(team, photos)
    team.gain = 1.0
    torch.testing.assert_close(shown, measures.pictures_of(team, photos) / 3)


def test_fitted_heads_make_the_sum_exact(config: ControlledConfig, photos: torch.Tensor) -> None:
    team = Team(config)
    fit_heads(team, Bench(config).extra)
    assert measures.examine(team, photos, photos)[0]["fidelity"][0] > 40


def test_fitted_picture_heads_come_closer_than_random_ones(config: ControlledConfig) -> None:
    bench = Bench(config, "picture")
    fitted, random = Team(config, "picture"), Team(config, "picture")
    fit_heads(fitted, bench.extra)
    photos = bench.extra.flatten(0, 1)
    found, other = (losses(measures.pictures_of(x, photos), photos, 0.0) for x in (fitted, random))
    assert (found < other).all()


def test_the_restart_of_least_loss_is_taken(config: ControlledConfig) -> None:
    bench, team = Bench(config, "picture"), Team(config, "picture")
    contenders.restarted(bench, team, 0.0)
    photos = bench.extra.flatten(0, 1)
    each = []
    for draw in range(2):
        drawn = Team(config, "picture", draw)
        fit_heads(drawn, bench.extra)
        each.append(losses(measures.pictures_of(drawn, photos), photos, 0.0))
    torch.testing.assert_close(losses(measures.pictures_of(team, photos), photos, 0.0), torch.stack(each).amin(0))


@pytest.fixture
def config_path(tmp_path: Path, pack_index: Path) -> Path:
    path = tmp_path / "controlled.toml"
    path.write_text(
        f"""
name = "tiny"
branches = 2
widths = [2]
size = 16
seeds = 2
steps = 2
batch = 1
turn = 1
measured = 8
split = "train"
fitted = 1
restarts = 1
records = 2
[[data]]
index = {str(pack_index)!r}
"""
    )
    return path


def test_the_command_leaves_results_report_and_figures(
    config_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    for kind in ("svg", "png"):
        monkeypatch.setattr(f"bsgui.training.controlled.report.panels_{kind}", lambda panels: str(len(panels)).encode())
    assert main([str(config_path), "--out", str(out)]) == 0
    report = (out / "report.md").read_text()
    assert capsys.readouterr().out == report
    assert all(contender.label in report for block in BLOCKS for contender in block.contenders)
    assert (out / "comparison.svg").read_bytes() == (out / "comparison.png").read_bytes() == b"4"


def test_figures_and_verdicts_follow_from_results() -> None:
    results = made_up({"joint": 0.8, "tie": 0.0})
    assert panels_svg(panels(results)).startswith(b"<?xml")
    held = {check.claim: check.kept for check in verdicts(results)}
    assert held["Joint descent, picture heads: more index than the averaged ensemble"]
    assert held["Equal branches stay equal, exactly"]
    assert not held["The excess term makes more of it: index, affine heads"]
    held = {check.claim: check.kept for check in verdicts(made_up({"tie": 0.3}))}
    assert not held["Joint descent, picture heads: more index than the averaged ensemble"]
    assert not held["Equal branches stay equal, exactly"]


def made_up(index: dict[str, float]) -> Results:
    def result(name: str) -> Result:
        names = (
            "fidelity",
            "division",
            "ownership",
            "redundancy",
            "cancellation",
            "smallest_share",
            "identity",
            "loss",
        )
        figures = {key: [0.5, 0.5] for key in names} | {"index": [index.get(name, 0.2)] * 2}
        course = [(0, [0.1, 0.2]), (4, [0.3, 0.4])] if name in ("joint", "sgd") else []
        return Result(figures, [[[0.4, 0.6], [0.6, 0.4]]] * 2, course)

    return Results({}, {block.name: {x.name: result(x.name) for x in block.contenders} for block in BLOCKS})


def test_a_stopped_comparison_goes_on_and_comes_to_the_same(
    config_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = tuple(replace(block, contenders=block.contenders[:2]) for block in BLOCKS[:1])
    monkeypatch.setattr("bsgui.training.controlled.comparison.BLOCKS", short)
    monkeypatch.setattr("bsgui.training.controlled.comparison.write_report", lambda folder, results: None)
    config, path = read_controlled_config(config_path), tmp_path / "results.json"
    first = compare(config, tmp_path).at(("picture", "joint"))
    data = json.loads(path.read_text())
    del data["blocks"]["picture"]["joint"]
    path.write_text(json.dumps(data))
    again = compare(config, tmp_path)
    assert replace(again.at(("picture", "joint")), seconds=first.seconds) == first
    assert first.updates == 4
    assert again.at(("picture", "untrained")).updates == 0


def test_another_configurations_results_are_refused(config_path: Path, tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text('{"config": {}, "blocks": {}}')
    assert main([str(config_path), "--out", str(tmp_path)]) == UsageError.exit_status
    (tmp_path / "results.json").write_text("[]")
    assert main([str(config_path), "--out", str(tmp_path)]) == UsageError.exit_status


def test_a_descent_that_diverges_is_told_of(config_path: Path, tmp_path: Path) -> None:
    config_path.write_text("rate = 1e30\n" + config_path.read_text())
    assert main([str(config_path), "--out", str(tmp_path / "out")]) == ModelError.exit_status


@pytest.mark.parametrize("line", ["turn = 0", "size = 17", "unknown = 1", "rate = -1.0", "measured = 2"])
def test_wrong_configurations_are_refused(config_path: Path, line: str) -> None:
    kept = [x for x in config_path.read_text().splitlines() if x.split(" =")[0] != line.split(" =")[0]]
    config_path.write_text("\n".join([line, *kept]))
    with pytest.raises(UsageError, match="no configuration of the comparison"):
        read_controlled_config(config_path)


def test_the_shipped_configuration_is_read() -> None:
    config = read_controlled_config(Path(__file__).parents[2] / "models" / "controlled.toml")
    assert config.seeds >= 5
    assert config.quick.steps < config.steps
