"""The card of a model: what it is, where it comes from, what it was measured to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .errors import ModelError

ROLES = ("", "light", "feature")
"""What a branch may be called beside its name."""


@dataclass(frozen=True)
class BranchCard:
    """A branch's name, and the measure that earned it.

    Attributes:
        name: for people.
        description: what it was measured to hold; may be empty.
        role: "light" for a component of the illumination, "feature" for a part or texture, "" if that is not known.
    """

    name: str
    description: str = ""
    role: str = ""

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise ValueError(f"not a role: {self.role}")

    @staticmethod
    def from_json(data: Any) -> BranchCard:
        """Check and convert a parsed JSON object. Raises KeyError, TypeError, ValueError or AttributeError."""
        return BranchCard(str(data["name"]), str(data.get("description", "")), str(data.get("role", "")))


@dataclass(frozen=True)
class ModelCard:
    """What ``models/<id>.json`` says beside ``models/<id>.safetensors``.

    Attributes:
        id: file stem of card and weights.
        name: for people.
        description: one or two sentences.
        domains: style domains the network was trained with; the first is the default.
        branches: one per branch, in network order.
        size: working size it was trained for, pixels.
        min_size, max_size: working sizes it may be asked for, pixels.
        sha256: hex digest of the weights file.
        licence: of the weights.
        data: training data, one line per source with its licence.
        training: command, config, seed, steps, wall time, machine.
        measures: figures on photos never trained on.
        known_failures: sentences.
        config: the network's configuration, see ``bsgui.engine.network.NetworkConfig``.
        subjects: kinds of :class:`~bsgui.core.frame.Subject` it is made for ("cat", "dog"); none: any photo.
    """

    id: str
    name: str
    description: str
    domains: tuple[str, ...]
    branches: tuple[BranchCard, ...]
    size: int
    min_size: int
    max_size: int
    sha256: str
    licence: str
    data: tuple[str, ...] = ()
    training: dict[str, Any] = field(default_factory=dict)
    measures: dict[str, Any] = field(default_factory=dict)
    known_failures: tuple[str, ...] = ()
    config: dict[str, Any] = field(default_factory=dict)
    subjects: tuple[str, ...] = ()

    @staticmethod
    def from_json(card_id: str, data: Any) -> ModelCard:
        """Check and convert a parsed JSON object.

        Raises:
            ModelError: a field is missing or of the wrong kind.
        """
        try:
            return ModelCard(
                id=card_id,
                name=str(data["name"]),
                description=str(data.get("description", "")),
                domains=tuple(str(x) for x in data["domains"]),
                branches=tuple(BranchCard.from_json(x) for x in data["branches"]),
                size=int(data["size"]),
                min_size=int(data["min_size"]),
                max_size=int(data["max_size"]),
                sha256=str(data["sha256"]),
                licence=str(data["licence"]),
                data=tuple(str(x) for x in data.get("data", ())),
                training=dict(data.get("training", {})),
                measures=dict(data.get("measures", {})),
                known_failures=tuple(str(x) for x in data.get("known_failures", ())),
                config=dict(data["config"]),
                subjects=_words(data.get("subjects", ())),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelError(f"The card of model “{card_id}” is damaged.", repr(error)) from error

    def headline_measures(self) -> dict[str, str]:
        """One line a test set for people: single figures and medians; lists, such as the branches', are left out."""
        return {name: _headline(figures) for name, figures in self.measures.items()}

    def to_json(self) -> dict[str, Any]:
        """The object that :meth:`from_json` reads; the id is the file's name and not in it."""
        card = {key: value for key, value in vars(self).items() if key != "id"}
        card["branches"] = [vars(branch) for branch in self.branches]
        return card


def _words(values: Any) -> tuple[str, ...]:
    # A single word is a sequence too, of letters.
    if isinstance(values, str):
        raise TypeError(f"not a list: {values!r}")
    return tuple(str(x) for x in values)


def _headline(figures: Any) -> str:
    if not isinstance(figures, dict):
        return f"{figures:.4g}" if isinstance(figures, float) else str(figures)
    parts = []
    for name, value in figures.items():
        single = value.get("median") if isinstance(value, dict) else value
        if not isinstance(single, list | dict | type(None)) and name not in ("model", "split"):
            parts.append(f"{name.replace('_', ' ')} {_headline(single)}")
    return ", ".join(parts)
