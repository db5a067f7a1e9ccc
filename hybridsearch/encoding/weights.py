"""The digest of a model folder's weights, which names a model whatever its folder is called."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from hybridsearch.errors import EncoderError

__all__ = ["weight_files", "weights_digest"]


def weight_files(folder: Path) -> list[Path]:
    """The files that a loader reads from one module's folder: safetensors where there are any."""
    safe = sorted(folder.glob("model*.safetensors"))
    return safe or sorted(folder.glob("pytorch_model*.bin"))


def weights_digest(folder: Path, modules: Iterable[str]) -> str:
    """`sha256:` and the digest over the weights of the model's modules, by their subfolder."""
    total = hashlib.sha256()
    count = 0
    for module in modules:
        for path in weight_files(folder / module):
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            total.update(f"{module}/{path.name} {content}\n".encode())
            count += 1
    if not count:
        raise EncoderError(
            f"the folder {str(folder)!r} holds no weights: "
            "expected model.safetensors or pytorch_model.bin beside config.json."
        )
    return f"sha256:{total.hexdigest()}"
