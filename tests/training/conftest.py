import csv
from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture
def pack_index(tmp_path: Path) -> Path:
    """A pack of 12 small pictures of two domains: 8 to train, 2 to validate, 2 to test."""
    folder = tmp_path / "pack"
    folder.mkdir()
    rng = np.random.default_rng(0)
    splits = ["train"] * 8 + ["val"] * 2 + ["test"] * 2
    with (folder / "index.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["file", "split", "species"])
        writer.writeheader()
        for number, split in enumerate(splits):
            picture = cv2.resize(rng.integers(0, 256, (6, 6, 3), np.uint8), (32, 32))
            cv2.imwrite(str(folder / f"{number}.png"), picture)
            writer.writerow({"file": f"{number}.png", "split": split, "species": "cat" if number % 2 else "dog"})
    return folder / "index.csv"


@pytest.fixture
def config_path(tmp_path: Path, pack_index: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(
        f"""
name = "tiny"
steps = 4
batch = 2
sizes = [16, 32]
critic_from = 2
save_every = 2
sample_every = 4
log_every = 1
[network]
branches = 2
widths = [4, 4]
latent = 4
mapping = 8
style = 4
domains = ["any", "cat", "dog"]
[[data]]
index = {str(pack_index)!r}
domain_column = "species"
[card]
name = "Tiny"
description = "For tests."
size = 64
licence = "CC0-1.0"
branches = ["One", "Two"]
data = ["noise"]
"""
    )
    return path
