"""Draws what `long_run.py` printed: `python benchmarks/draw_run.py RUN.json PICTURE.svg`.

It wants matplotlib, and nothing else.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

WINDOW = 5
INK, FIRST, SECOND = "#444", "#1f6f8b", "#c0562b"


def draw(run: dict[str, Any], picture: Path) -> None:
    """Documents a second over the last few samples, and memory, against seconds."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "hybridsearch", "font.size": 9, "axes.edgecolor": INK})
    from matplotlib import pyplot as plt

    rows = run["samples"]
    seconds = [row["seconds"] for row in rows]
    figure, (rates, memory) = plt.subplots(2, 1, sharex=True, figsize=(7.5, 4.6))
    rates.plot(seconds[WINDOW:], _rates(rows), color=FIRST, linewidth=1.2)
    rates.set_ylabel("documents / s")
    for name, label, colour in (
        ("client_mb", "this process", FIRST),
        ("server_mb", "the server", SECOND),
    ):
        if name in rows[-1]:
            values = [row[name] for row in rows]
            memory.plot(seconds, values, color=colour, linewidth=1.2, label=label)
    memory.set_ylabel("MB, without pages of files")
    memory.set_xlabel("seconds")
    if "server_mb" in rows[-1]:
        memory.legend(frameon=False, loc="center right")
    for axes in (rates, memory):
        axes.set_ylim(bottom=0)
        axes.margins(x=0)
        axes.spines[["top", "right"]].set_visible(False)
    rates.set_title(run["title"], loc="left", fontsize=10, color=INK)
    figure.tight_layout()
    figure.savefig(picture, metadata={"Date": None})


def _rates(rows: list[dict[str, float]]) -> list[float]:
    return [
        (later["documents"] - earlier["documents"]) / (later["seconds"] - earlier["seconds"])
        for earlier, later in zip(rows, rows[WINDOW:], strict=False)
    ]


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: draw_run.py RUN.json PICTURE.svg")
    draw(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2]))
