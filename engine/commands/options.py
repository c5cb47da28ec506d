"""Options that several commands share."""

from __future__ import annotations

import argparse


def add_effects(parser: argparse.ArgumentParser, words: str) -> None:
    """`--effects DIR`, any number of times; engine/scene/registry.py makes a registry of them."""
    parser.add_argument("--effects", action="append", default=[], metavar="DIR", help=words)


def add_overwrite(parser: argparse.ArgumentParser) -> None:
    """`--overwrite`, without which no file that is there already is replaced."""
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace files that are there already (else they are left alone, and the run is refused; what is recorded "
        "live takes a new name)",
    )
