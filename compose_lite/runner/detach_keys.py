"""The keys with which a user leaves a session while the process goes on (`ctrl-p,ctrl-q`)."""

from __future__ import annotations

from compose_lite.errors import UsageError

DEFAULT = "ctrl-p,ctrl-q"

_CONTROL = "@abcdefghijklmnopqrstuvwxyz[\\]^_"


def parse_detach_keys(text: str) -> bytes:
    """Return what the keys send: single characters and `ctrl-x`, joined by commas.

    Raises UsageError for anything else.
    """
    sent = bytearray()
    for key in text.split(","):
        letter = key.removeprefix("ctrl-").lower()
        if key.startswith("ctrl-") and len(letter) == 1 and letter in _CONTROL:
            sent.append(_CONTROL.index(letter))
        elif len(key) == 1 and key.isascii():
            sent += key.encode()
        else:
            raise UsageError(
                f"{key!r} in the detach keys {text!r} is no key",
                hint="give single characters and ctrl-LETTER, joined by commas: ctrl-p,ctrl-q",
            )
    return bytes(sent)


class DetachScanner:
    """Looks for the keys in what is typed. What may be their beginning is held back until it is clear."""

    def __init__(self, keys: bytes) -> None:
        self._keys = keys
        self._matched = 0

    def feed(self, typed: bytes) -> tuple[bytes, bool]:
        """Return what is to be passed on, and whether the keys were pressed (the rest is dropped then)."""
        passed = bytearray()
        for byte in typed:
            if byte == self._keys[self._matched]:
                self._matched += 1
                if self._matched == len(self._keys):
                    return bytes(passed), True
                continue
            passed += self._keys[: self._matched]
            self._matched = 1 if byte == self._keys[0] else 0
            if not self._matched:
                passed.append(byte)
        return bytes(passed), False
