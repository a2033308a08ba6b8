"""Compose files to an immutable `Project`: read, interpolate, merge, validate, bind; no daemon, no terminal."""
