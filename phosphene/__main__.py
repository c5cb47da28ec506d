"""`python -m phosphene` is the command `phosphene`."""

import sys

from .engine.commands.cli import main

sys.exit(main())
