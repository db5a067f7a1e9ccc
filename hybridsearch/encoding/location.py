"""Where a model's files are: a local folder, or a hub model's snapshot in the local cache."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hybridsearch.dependency import require
from hybridsearch.encoding.quiet import quiet_loading
from hybridsearch.encoding.weights import weight_files
from hybridsearch.errors import EncoderError

__all__ = ["ModelFolder", "first_line", "locate"]

# A hub repository often holds the same weights several times, for runtimes not used here.
_WANTED: Final = ["*.json", "*.txt", "*.model", "*.safetensors"]
_OLDER_WEIGHTS: Final = ["*pytorch_model*.bin"]
_UNWANTED: Final = ["onnx/*", "openvino/*", "*.onnx", "*.msgpack", "*.h5", "checkpoint*"]


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A folder with a model's files, and the model's name without any path of this machine."""

    folder: Path
    name: str


def locate(model: str, *, revision: str | None = None) -> ModelFolder:
    """The model's folder, downloaded from the hub where it is neither a folder nor in the cache.

    Raises EncoderError where there is no such folder or model, or the hub cannot be reached.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        if not _is_model(folder):
            raise EncoderError(
                f"the folder {model!r} is not a model: it has neither modules.json nor config.json."
            )
        return ModelFolder(folder, folder.resolve().name)
    if looks_like_path(model):
        state = "is a file, not a folder" if folder.exists() else "does not exist"
        raise EncoderError(
            f"the model folder {model!r} {state}. Give the folder that holds "
            "modules.json or config.json, or the name of a model on the hub."
        )
    return ModelFolder(_from_hub(model, revision), model)


def looks_like_path(model: str) -> bool:
    """Whether the name can only be a path: a hub name is `name` or `owner/name`."""
    return (
        not model.strip()
        or Path(model).is_absolute()
        or model.startswith((".", "~"))
        or "\\" in model
        or model[1:2] == ":"
        or model.endswith("/")
        or model.count("/") > 1
    )


def first_line(error: BaseException) -> str:
    """The error's first line: the model libraries go on for paragraphs."""
    lines = str(error).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__


def _is_model(folder: Path) -> bool:
    return (folder / "modules.json").is_file() or (folder / "config.json").is_file()


def _from_hub(model: str, revision: str | None) -> Path:
    hub = require("huggingface_hub", f"loading the model {model!r}")
    errors = require("huggingface_hub.errors", f"loading the model {model!r}")
    try:
        with quiet_loading():
            folder = _snapshot(hub, model, revision, _WANTED)
            if not any(folder.rglob("*.safetensors")):
                folder = _snapshot(hub, model, revision, [*_WANTED, *_OLDER_WEIGHTS])
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        raise EncoderError(
            f"there is no model {model!r}: no folder has this path, and the hub has no model of "
            f"this name that it shows to you ({first_line(error)})."
        ) from error
    except errors.RevisionNotFoundError as error:
        raise EncoderError(f"the model {model!r} has no revision {revision!r}.") from error
    except (OSError, ValueError, RuntimeError) as error:
        raise EncoderError(
            f"the model {model!r} is not in the local cache and the hub cannot be reached "
            f"({first_line(error)}). Unset HF_HUB_OFFLINE where it is set, or give the path of a "
            "local folder that holds the model."
        ) from error
    if not _is_model(folder):
        raise EncoderError(f"{model!r} is on the hub, but holds no model that can encode text.")
    return folder


def _snapshot(hub: Any, model: str, revision: str | None, patterns: list[str]) -> Path:
    try:
        found = hub.snapshot_download(
            model, revision=revision, allow_patterns=patterns, ignore_patterns=_UNWANTED
        )
    except FileNotFoundError as error:
        # Offline, a snapshot that another program cached without files this model does not need.
        partial = getattr(error, "snapshot_path", None)
        if partial is None or not (_is_model(Path(partial)) and weight_files(Path(partial))):
            raise
        found = partial
    return Path(found)
