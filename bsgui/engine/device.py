"""Which device runs the network, in which precision; a fallback is never silent."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from bsgui.core.errors import UsageError

DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True)
class DeviceChoice:
    """A device, and what to tell the person about it.

    Attributes:
        device: for torch.
        autocast: type that convolutions run in, or None for float32.
        label: "cpu, bfloat16".
        note: a sentence when it is not what was asked for, else "".
    """

    device: torch.device
    autocast: torch.dtype | None
    label: str
    note: str = ""


def pick_device(wanted: str) -> torch.device:
    """The torch device for "auto", "cpu", "cuda" or "mps"; falls back to the CPU when there is no such device.

    Raises:
        UsageError: any other word.
    """
    if wanted not in DEVICES:
        raise UsageError(f"There is no device “{wanted}”; choose one of {', '.join(DEVICES)}.")
    if wanted in ("auto", "cuda") and torch.cuda.is_available():
        return torch.device("cuda")
    if wanted in ("auto", "mps") and torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def autocast_type(device: torch.device) -> torch.dtype | None:
    """bfloat16 where the device computes in it, else None.

    CPUs without native bfloat16 arithmetic emulate it more slowly than float32.
    """
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else None
    if device.type == "cpu" and _cpu_has_bfloat16():
        return torch.bfloat16
    return None


def choose_device(wanted: str) -> DeviceChoice:
    """:func:`pick_device` and :func:`autocast_type`, with words for the person."""
    device = pick_device(wanted)
    autocast = autocast_type(device)
    note = "" if wanted in ("auto", device.type) else f"{wanted} is not available here: the CPU was used."
    return DeviceChoice(device, autocast, f"{device.type}, {'bfloat16' if autocast else 'float32'}", note)


def _cpu_has_bfloat16() -> bool:
    # Older torch cannot tell; float32 is then the safe answer.
    capabilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "arm_bf16"))
