"""Draws the golden pictures anew: `python -m tests.golden.renew` for all, with names for some.

Run it from the repository's root after a change that is meant to change pictures, look at every picture that git then
shows as changed, and commit them with the change. Pictures that agree within their tolerance are left as they are.
"""

from __future__ import annotations

import sys

import numpy as np

from tests.golden.golden_cases import CASES, load, render, save


def main(names: list[str]) -> int:
    """Renews the pictures called `names`, or all; returns the exit code."""
    unknown = set(names) - {case.name for case in CASES}
    if unknown:
        print(f"no such picture: {', '.join(sorted(unknown))}; there are {', '.join(c.name for c in CASES)}")
        return 2
    for case in CASES:
        if names and case.name not in names:
            continue
        image, word = render(case), "made"
        if case.path.exists():
            off = np.abs(load(case.path).astype(int) - image).max(axis=2) > case.codes
            word = "as it was" if off.mean() <= case.share else f"changed ({100 * off.mean():.1f} % of the pixels)"
        if names or word != "as it was":
            save(case.path, image)
        print(f"{case.name}: {word}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
