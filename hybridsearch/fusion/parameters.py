"""The check that every numeric parameter of a fusion goes through."""

from __future__ import annotations

import math

import numpy as np

from hybridsearch.errors import ConfigurationError


def check_number(
    what: str, value: object, *, least: float, most: float = math.inf, above: bool = False
) -> None:
    """Raises ConfigurationError unless the value is a finite number in the range.

    above: the least itself is not allowed. True and False are not numbers here, nor is text.
    """
    if not _finite(value) or not _within(float(value), least, most, above=above):  # type: ignore[arg-type] # _finite says that it is a number
        allowed = f"above {least:g}" if above else f"at least {least:g}"
        if most < math.inf:
            allowed += f" and at most {most:g}"
        raise ConfigurationError(f"{what} must be a number {allowed}, not {value!r}")


def _finite(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an int beyond what a float can hold
        return False


def _within(number: float, least: float, most: float, *, above: bool) -> bool:
    return (number > least if above else number >= least) and number <= most
