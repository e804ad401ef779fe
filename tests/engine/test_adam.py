from __future__ import annotations

import subprocess
import sys

import torch

from bsgui.engine.adam import PlainAdam


def test_it_gives_the_numbers_of_torch_s_own() -> None:
    torch.manual_seed(0)
    start = [torch.randn(3, 4), torch.randn(5), torch.randn(2)]
    mine, theirs = ([x.clone().requires_grad_() for x in start] for _ in "12")
    plain = PlainAdam([{"params": mine[:2], "lr": 0.01}, {"params": mine[2:], "lr": 0.1}], (0.5, 0.99))
    own = torch.optim.Adam([{"params": theirs[:2], "lr": 0.01}, {"params": theirs[2:], "lr": 0.1}], betas=(0.5, 0.99))
    for step in range(20):
        plain.param_groups[0]["lr"] = own.param_groups[0]["lr"] = 0.01 / (1 + step)
        for parameters, optimizer in ((mine, plain), (theirs, own)):
            optimizer.zero_grad()
            # The second parameter has a gradient only now and then.
            used = parameters if step % 3 == 0 else [parameters[0], parameters[2]]
            sum(x.pow(4).sum() for x in used).backward()  # type: ignore[union-attr]
            optimizer.step()
    for one, other in zip(mine, theirs, strict=True):
        assert torch.equal(one, other)
    assert not torch.equal(mine[0], start[0])


def test_it_leaves_torch_s_compiler_alone() -> None:
    code = (
        "import sys, torch; from bsgui.engine.adam import PlainAdam\n"
        "x = torch.ones(2, requires_grad=True); adam = PlainAdam([{'params': [x], 'lr': 0.1}])\n"
        "x.sum().backward(); adam.step(); print('torch._dynamo' in sys.modules, x.detach().tolist())"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("False [0.9")
