"""Which device runs the model when the user names none."""

from __future__ import annotations

from typing import Any

__all__ = ["batch_tokens_for", "choose_device"]


def choose_device(torch: Any, device: str | None) -> str:
    """The device named, or the fastest there is: cuda, then mps, then cpu."""
    if device is not None:
        return device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def batch_tokens_for(device: str) -> int:
    """Padded word pieces in a batch: a CPU likes few, a GPU many."""
    return 2048 if device.startswith("cpu") else 32768
