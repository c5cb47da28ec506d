"""Options that several commands share."""

from __future__ import annotations

import argparse


def add_effects(parser: argparse.ArgumentParser, words: str) -> None:
    """`--effects DIR`, any number of times; engine/effect_folders.py makes a registry of them."""
    parser.add_argument("--effects", action="append", default=[], metavar="DIR", help=words)
