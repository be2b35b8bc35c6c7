"""Names in the registry: aliases, never stages."""

from __future__ import annotations

# Alias that a new version gets; "champion" is for a gate to give.
CANDIDATE = "candidate"
