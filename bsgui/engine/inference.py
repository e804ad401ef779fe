"""Running a loaded generator over one picture, in the way that suits the device."""

from __future__ import annotations

import torch

from bsgui.core.errors import ModelError
from bsgui.core.photo import FloatImage
from bsgui.core.requests import CancelToken

from .branchwise import BranchwiseGenerator
from .device import DeviceChoice
from .network import BranchedGenerator, BranchMaps
from .tensors import to_tensor


class InferenceNetwork:
    """A generator that is only looked through: branch by branch on the processor, all at once on a GPU.

    Attributes:
        network: with the weights; on the device that it ran on last.

    Thread: one at a time.
    """

    def __init__(self, network: BranchedGenerator) -> None:
        self.network = network
        self._branchwise: BranchwiseGenerator | None = None

    @torch.inference_mode()
    def run(
        self, picture: FloatImage, styles: torch.Tensor, choice: DeviceChoice, cancel: CancelToken
    ) -> list[BranchMaps]:
        """One pass over a picture of the working size for each of the styles (R, N, style), the encoder's shared.

        The token is asked before every block.

        Raises:
            ModelError: the network gives values that are not finite.
            Cancelled: as the token says.
        """
        photo = to_tensor(picture).to(choice.device)
        if choice.device.type == "cpu":
            runs = self._by_branch(choice).run(photo, styles, cancel.raise_if_cancelled)
        else:
            runs = self._at_once(photo, styles, choice, cancel)
        if not all(torch.isfinite(maps.scale).all() and torch.isfinite(maps.shift).all() for maps in runs):
            raise ModelError("The model gave values that are not finite numbers for this photo.")
        return runs

    def _by_branch(self, choice: DeviceChoice) -> BranchwiseGenerator:
        dtype = choice.autocast or torch.float32
        if self._branchwise is None or self._branchwise.dtype != dtype:
            self._branchwise = BranchwiseGenerator(self.network, dtype)
        return self._branchwise

    def _at_once(
        self, photo: torch.Tensor, styles: torch.Tensor, choice: DeviceChoice, cancel: CancelToken
    ) -> list[BranchMaps]:
        network = self.network
        hooks = [
            module.register_forward_pre_hook(lambda *_: cancel.raise_if_cancelled())
            for module in (*network.encoder, network.bottom, *network.decoder, network.head)
        ]
        kind = choice.autocast or torch.bfloat16
        try:
            with torch.autocast(choice.device.type, kind, enabled=choice.autocast is not None):
                encoded = network.encode(photo)
                return [network.decode(encoded, style.unsqueeze(0)) for style in styles]
        finally:
            for hook in hooks:
                hook.remove()
