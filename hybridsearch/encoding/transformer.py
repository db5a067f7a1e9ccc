"""Loader that runs a model's transformer itself: tokens in, pooled token embeddings out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from hybridsearch.dependency import require
from hybridsearch.encoding.configuration import ModelConfiguration, read_configuration
from hybridsearch.encoding.device import batch_tokens_for, choose_device, fetched
from hybridsearch.encoding.location import first_line, locate
from hybridsearch.encoding.model_encoder import Batch, Computed, ModelEncoder, Run
from hybridsearch.encoding.quiet import quiet_loading
from hybridsearch.encoding.tokens import TextTokenizer, fast_backend
from hybridsearch.errors import EncoderError

__all__ = ["load"]

_MODULES: Final = {"Transformer", "Pooling", "Normalize"}


def load(
    model: str,
    *,
    name: str | None = None,
    device: str | None = None,
    query_prompt: str | None = None,
    document_prompt: str | None = None,
    batch_tokens: int | None = None,
    revision: str | None = None,
) -> ModelEncoder:
    """The model of a folder or hub name through plain transformers.

    Mean, cls and max pooling; raises EncoderError for models made otherwise, which the
    sentence-transformers loader reads. A prompt of None is the model's own.
    """
    torch = require("torch", f"the encoder {model!r}")
    transformers = require("transformers", f"the encoder {model!r}")
    found = locate(model, revision=revision)
    stated = read_configuration(found.folder).with_prompts(query_prompt, document_prompt)
    _check_supported(stated, model)
    start = str(found.folder / stated.modules[0][1])
    chosen = choose_device(torch, device)
    try:
        with quiet_loading():
            tokenizer = transformers.AutoTokenizer.from_pretrained(start, local_files_only=True)
            network = transformers.AutoModel.from_pretrained(start, local_files_only=True)
            network = network.float().eval().to(chosen)
    except Exception as error:
        raise EncoderError(f"{model!r} cannot be loaded: {first_line(error)}") from error
    backend = fast_backend(tokenizer, model)
    if stated.lower_case:
        _lower_case(backend)
    return ModelEncoder(
        name=name or model,
        model=name or found.name,
        folder=found.folder,
        configuration=stated,
        tokenizer=TextTokenizer(backend),
        run=_runner(torch, network, _POOLINGS[stated.pooling], tokenizer.pad_token_id or 0),
        batch_tokens=batch_tokens or batch_tokens_for(chosen),
    )


def _check_supported(stated: ModelConfiguration, model: str) -> None:
    unknown = [kind for kind, _ in stated.modules if kind not in _MODULES]
    reasons = [f"the module {kind}" for kind in unknown]
    if stated.pooling not in _POOLINGS and not unknown:
        reasons.append(f"{stated.pooling} pooling")
    if not stated.include_prompt:
        reasons.append("pooling that leaves the prompt out")
    if reasons:
        raise EncoderError(
            f"the model {model!r} has {' and '.join(reasons)}, which the loader 'transformers' "
            f"does not know: use 'sentence-transformers:{model}'."
        )


def _runner(torch: Any, network: Any, pool: Callable[..., Any], padding: int) -> Run:
    def run(batch: Batch) -> Computed:
        longest = max(len(row) for row in batch.numbers)
        numbers = np.full((len(batch.numbers), longest), padding, dtype=np.int64)
        mask = np.zeros_like(numbers)
        for i, row in enumerate(batch.numbers):
            numbers[i, : len(row)] = row
            mask[i, : len(row)] = 1
        with torch.inference_mode():
            attended = torch.from_numpy(mask).to(network.device)
            read = torch.from_numpy(numbers).to(network.device)
            states = network(input_ids=read, attention_mask=attended).last_hidden_state
            return fetched(torch, pool(states, attended.unsqueeze(-1)))

    return run


def _mean(states: Any, mask: Any) -> Any:
    weight = mask.to(states.dtype)
    return (states * weight).sum(dim=1) / weight.sum(dim=1)


def _max(states: Any, mask: Any) -> Any:
    return states.masked_fill(mask == 0, float("-inf")).amax(dim=1)


def _cls(states: Any, _mask: Any) -> Any:
    return states[:, 0]


_POOLINGS: Final[dict[str, Callable[[Any, Any], Any]]] = {"mean": _mean, "max": _max, "cls": _cls}


def _lower_case(backend: Any) -> None:
    normalizers = require("tokenizers", "the loader 'transformers'").normalizers
    present = backend.normalizer
    lowered = [normalizers.Lowercase(), *([] if present is None else [present])]
    backend.normalizer = normalizers.Sequence(lowered)
