from engine.api import *  # noqa: F403
