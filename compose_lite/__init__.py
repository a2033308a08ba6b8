"""compose-lite: a Compose-style orchestrator that says why before it acts."""

from __future__ import annotations

__version__ = "0.1.0"
