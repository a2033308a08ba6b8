"""Lets `python -m compose_lite` stand for the `compose-lite` command."""

from __future__ import annotations

from compose_lite.cli.main import script

if __name__ == "__main__":
    script()
