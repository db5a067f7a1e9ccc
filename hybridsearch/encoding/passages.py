"""Texts to passages that an encoder can read whole: cut, read again, cut again where too long."""

from __future__ import annotations

from collections.abc import Sequence

from hybridsearch.encoding.protocol import Encoder, Pieces
from hybridsearch.encoding.splitting import check_window, split, stripped

__all__ = ["passages", "within"]


def passages(
    encoder: Encoder, texts: Sequence[str], window: int = 250, overlap: int = 0
) -> list[list[tuple[int, int]]]:
    """Per text the character ranges of its passages, in order; none for white space alone.

    A passage has at most `window` word pieces, or the encoder's `token_limit` where that is less,
    also when its text is read by itself. Raises ConfigurationError as `split` does.
    """
    check_window(window, overlap)
    limit, overlap = within(encoder, window, overlap)
    found: list[list[tuple[int, int]]] = []
    cut: dict[int, list[tuple[int, int]]] = {}
    for number, (text, pieces) in enumerate(zip(texts, encoder.word_pieces(texts), strict=True)):
        whole = stripped(text, 0, len(text))
        if len(pieces) <= limit:
            found.append([whole] if whole[0] < whole[1] else [])
        else:
            found.append(split(text, pieces, limit, overlap))
        # A text that fits as it stands has just been counted.
        if len(pieces) > limit or found[-1] not in ([], [(0, len(text))]):
            cut[number] = found[-1]
    fitted = _fitted(encoder, texts, cut, limit, overlap)
    return [fitted.get(number, ranges) for number, ranges in enumerate(found)]


def within(encoder: Encoder, window: int, overlap: int) -> tuple[int, int]:
    """The window and the overlap that this encoder has room for."""
    limit = min(window, encoder.token_limit)
    return limit, min(overlap, limit // 2)


def _fitted(
    encoder: Encoder,
    texts: Sequence[str],
    cut: dict[int, list[tuple[int, int]]],
    limit: int,
    overlap: int,
) -> dict[int, list[tuple[int, int]]]:
    """The same ranges, each that is too long when read by itself cut again until none is."""
    done: dict[int, list[tuple[int, int]]] = {number: [] for number in cut}
    open_ranges = [(number, *bounds) for number, ranges in cut.items() for bounds in ranges]
    while open_ranges:
        parts = [texts[number][start:end] for number, start, end in open_ranges]
        again: list[tuple[int, int, int]] = []
        for (number, start, _), part, pieces in zip(
            open_ranges, parts, encoder.word_pieces(parts), strict=True
        ):
            if len(pieces) <= limit or len(part) == 1:
                done[number].append((start, start + len(part)))
            else:
                again += [
                    (number, start + left, start + right)
                    for left, right in _smaller(part, pieces, limit, overlap)
                ]
        open_ranges = again
    return {number: _in_order(ranges) for number, ranges in done.items()}


def _smaller(part: str, pieces: Pieces, limit: int, overlap: int) -> list[tuple[int, int]]:
    """At least two shorter ranges of the part, even ones rather than a long and a tiny one."""
    count = -(-len(pieces) // limit)
    window = min(limit, -(-len(pieces) // count))
    ranges = split(part, pieces, window, min(overlap, window // 2))
    if len(ranges) > 1:
        return ranges
    start, end = stripped(part, 0, len(part))
    if (start, end) != (0, len(part)):
        return [(start, end)]
    middle = len(part) // 2
    halves = (stripped(part, 0, middle), stripped(part, middle, len(part)))
    return [half for half in halves if half[0] < half[1]]


def _in_order(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted, without ranges that lie within the one before."""
    kept: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if not kept or end > kept[-1][1]:
            kept.append((start, end))
    return kept
