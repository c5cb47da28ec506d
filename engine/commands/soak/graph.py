"""The soak as an image: memory, rate and lag over time, each fault as a grey band."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from ...core.errors import SinkError
from ...core.files.put import write_whole
from ...core.paths import named
from .faults import Fault

PANELS = (
    ("memory_mb", "memory, MiB", "#3b5bdb"),
    ("fps", "frames a second", "#2b8a3e"),
    ("lag_ms", "lag, ms", "#c92a2a"),
)


def check_name(where: str) -> None:
    """Raises SinkError where no graph can have that name."""
    suffix = Path(where).suffix
    if suffix.lower() not in (".svg", ".png"):
        raise SinkError(
            f"a graph cannot be written as '{suffix}'", where=where, hint="use a name that ends in .svg or .png"
        )


def draw(
    rows: Sequence[dict[str, float]], faults: Sequence[Fault], title: str, where: str, *, overwrite: bool = False
) -> None:
    """Writes the graph to `where`: .svg or .png. Raises SinkError where it cannot be written, or is there already and
    not to be replaced."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    check_name(where)
    path = named(where)
    minutes = rows[-1]["time_s"] > 300 if rows else False
    unit = 60.0 if minutes else 1.0
    figure, axes = pyplot.subplots(len(PANELS), 1, figsize=(10, 6.5), sharex=True)
    for axis, (key, label, colour) in zip(axes, PANELS, strict=True):
        axis.plot([row["time_s"] / unit for row in rows], [row[key] for row in rows], color=colour, linewidth=1.2)
        axis.set_ylabel(label)
        axis.set_ylim(0, 1.15 * max([row[key] for row in rows], default=1.0) or 1.0)
        axis.grid(alpha=0.25)
        for fault in faults:
            axis.axvspan(fault.at_s / unit, fault.end_s / unit, color="#000000", alpha=0.08, linewidth=0)
    few = len(faults) <= 24
    for fault in faults if few else ():
        axes[0].text(fault.at_s / unit, 0, f" {fault.kind}", rotation=90, fontsize=6.5, va="bottom", color="#555555")
    axes[-1].set_xlabel("minutes" if minutes else "seconds")
    axes[0].set_title(title, loc="left")
    figure.tight_layout()
    data = BytesIO()
    try:
        figure.savefig(data, dpi=110, format=path.suffix.lower().removeprefix("."))
    finally:
        pyplot.close(figure)
    write_whole(path, data.getvalue(), overwrite=overwrite)
