"""Loader that runs a model through sentence-transformers, with whatever modules it has."""

from __future__ import annotations

from typing import Any

from hybridsearch.dependency import require
from hybridsearch.encoding.configuration import read_configuration
from hybridsearch.encoding.device import batch_tokens_for, choose_device, fetched
from hybridsearch.encoding.location import first_line, locate
from hybridsearch.encoding.model_encoder import Batch, Computed, ModelEncoder, Run
from hybridsearch.encoding.quiet import quiet_loading
from hybridsearch.encoding.tokens import TextTokenizer, fast_backend
from hybridsearch.errors import EncoderError

__all__ = ["load"]


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
    """The model of a folder or hub name through `SentenceTransformer`.

    A prompt of None is the model's own, an empty one is none. Raises EncoderError where there is
    no such model or it cannot be loaded.
    """
    torch = require("torch", f"the encoder {model!r}")
    library = require("sentence_transformers", f"the encoder {model!r}")
    found = locate(model, revision=revision)
    stated = read_configuration(found.folder).with_prompts(query_prompt, document_prompt)
    chosen = choose_device(torch, device)
    try:
        with quiet_loading():
            network = library.SentenceTransformer(
                str(found.folder), device=chosen, local_files_only=True
            ).float()
    except Exception as error:
        raise EncoderError(f"{model!r} cannot be loaded: {first_line(error)}") from error
    backend = fast_backend(network.tokenizer, model)
    return ModelEncoder(
        name=name or model,
        model=name or found.name,
        folder=found.folder,
        configuration=stated,
        # The library sets padding and truncation on its own tokenizer as it goes: take a copy.
        tokenizer=TextTokenizer(type(backend).from_str(backend.to_str())),
        run=_runner(torch, network),
        batch_tokens=batch_tokens or batch_tokens_for(chosen),
    )


def _runner(torch: Any, network: Any) -> Run:
    def run(batch: Batch) -> Computed:
        vectors = network.encode(
            batch.texts,
            prompt=batch.prompt,
            batch_size=len(batch.texts),
            show_progress_bar=False,
            convert_to_tensor=True,
        )
        return fetched(torch, vectors)

    return run
