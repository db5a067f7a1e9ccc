"""How documents are written out for bulk requests: JSON, or where a server reads it, SMILE."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.cluster import smile
from hybridsearch.model.written_fields import written

Kind: TypeAlias = Literal["json", "smile"]


@dataclass(frozen=True)
class Notation:
    """dumps: values as bytes, numpy's vectors within them too; within: a value as it is within
    another; vectors: the same of many vectors; separator: what ends a line of a bulk request."""

    kind: Kind
    dumps: Callable[[Sequence[Any]], list[bytes]]
    within: Callable[[Any], bytes]
    vectors: Callable[[Sequence[NDArray[np.float32]]], Iterator[bytes]]
    separator: bytes

    def lines(self, actions: Sequence[Sequence[Any]]) -> list[bytes]:
        """Actions of a bulk request, each with its document where there is one."""
        lines = iter(self.dumps([part for action in actions for part in action]))
        end = self.separator
        return [end.join([*islice(lines, len(action)), b""]) for action in actions]


def _json(values: Sequence[Any]) -> list[bytes]:
    return [written(value) for value in values]


def _vectors(vectors: Sequence[NDArray[np.float32]]) -> Iterator[bytes]:
    return map(written, vectors)


JSON: Final = Notation("json", _json, written, _vectors, b"\n")
SMILE: Final = Notation("smile", smile.dumps, smile.within, smile.vectors, smile.SEPARATOR)
