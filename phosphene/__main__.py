"""`python -m phosphene` is the command `phosphene`."""

import sys

from engine.cli import main

sys.exit(main())
