"""The figures as text for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("naive numpy", "naive_numpy_fps", "fps"),
    ("naive cv2", "naive_cv2_fps", "fps"),
    ("live", "live_fps", "fps"),
    ("exact", "exact_fps", "fps"),
    ("÷ numpy", "ratio_numpy", "×"),
    ("÷ cv2", "ratio_cv2", "×"),
    ("exact ÷ numpy", "exact_ratio_numpy", "×"),
    ("exact ÷ cv2", "exact_ratio_cv2", "×"),
    ("ceiling", "ceiling_fps", "fps"),
    ("efficiency", "efficiency", ""),
    ("efficiency, strict", "efficiency_strict", ""),
    ("CPU per frame", "cpu_ms", "ms"),
    ("  naive numpy", "naive_numpy_cpu_ms", "ms"),
    ("  naive cv2", "naive_cv2_cpu_ms", "ms"),
    ("cores busy, exact", "busy_cores", ""),
    ("cores busy for other programs", "others_cores", ""),
    ("overhead", "overhead_ms", "ms"),
    ("lag p95, camera as quick as we", "lag_ms_p95", "ms"),
    ("  slowest tracker p95", "slowest_tracker_ms_p95", "ms"),
    ("lag p95, camera at 30 fps", "calm_lag_ms_p95", "ms"),
    ("  slowest tracker p95", "slowest_tracker_calm_ms_p95", "ms"),
)


def report(about: Mapping[str, Any], runs: Sequence[Mapping[str, Any]]) -> str:
    """The machine, then one column a run: each figure's median over the rounds with its least and greatest."""
    heads = [f"{r['scene']} {r['size'].replace('x', '×')}" for r in runs]
    rows = [["", *heads], ["trackers", *(", ".join(r["trackers"]) for r in runs)]]
    rows += [[f"{title} {unit}".strip(), *(cell(r, key) for r in runs)] for title, key, unit in COLUMNS]
    rows.append(["misaligned frames", *(str(r["misaligned_frames"]) for r in runs)])
    for title, part in (("bare: ", "bare_ms"), ("exact run: ", "threads_ms"), ("drawing: ", "passes_ms")):
        names = list(dict.fromkeys(n for r in runs for n in flat(r[part])))
        rows += [[f"{title}{n} ms", *(number(flat(r[part]).get(n)) for r in runs)] for n in names]
    words = f"{about['cpu']}, {about['cores']} cores; {about['gl']}; Python {about['python']}, {about['system']}"
    return f"{words}\n{aligned_columns(rows)}"


def flat(table: Mapping[str, Any]) -> dict[str, Any]:
    """Nested figures under `outer inner`."""
    made: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            made |= {f"{name} {inner}": v for inner, v in value.items()}
        else:
            made[name] = value
    return made


def cell(run: Mapping[str, Any], key: str) -> str:
    """`median (least…greatest)`."""
    value = run.get(key)
    if value is None:
        return "-"
    low, high = run["spread"][key]
    return f"{number(value)} ({number(low)}…{number(high)})"


def number(value: float | None) -> str:
    """A figure with as many places as it deserves."""
    if value is None:
        return "-"
    return f"{value:.1f}" if abs(value) >= 20 else f"{value:.2f}"


def aligned_columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows as columns of equal width; the first to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)
