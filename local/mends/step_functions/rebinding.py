"""Putting a function in the place of another one that moto's modules have imported by name."""

import sys
from typing import Any


def rebind(name: str, ours: Any) -> None:
    """Let every loaded module of moto's interpreter use `ours` under `name`."""
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("moto.stepfunctions") and hasattr(module, name):
            setattr(module, name, ours)
