"""The device that runs the model: which one, how much at once, and how its vectors come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["batch_tokens_for", "choose_device", "fetched"]


def choose_device(torch: Any, device: str | None) -> str:
    """The device named, or the fastest there is: cuda, then mps, then cpu."""
    if device is not None:
        return device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def batch_tokens_for(device: str) -> int:
    """Padded word pieces in a batch: a CPU likes few, a GPU many."""
    return 2048 if device.startswith("cpu") else 16384


def fetched(torch: Any, rows: Any) -> Callable[[], NDArray[np.floating]]:
    """What waits for the rows of a tensor; CUDA brings them while other work is made ready."""
    if rows.device.type != "cuda":
        return lambda: np.asarray(rows.cpu().numpy())
    copied = rows.to("cpu", non_blocking=True)
    arrived = torch.cuda.Event()
    arrived.record(torch.cuda.current_stream(rows.device))

    def wait() -> NDArray[np.floating]:
        arrived.synchronize()
        return np.asarray(copied.numpy())

    return wait
