"""Hash functions as `hashlib` gives them, without OpenSSL: to load it takes longer than all that they do for most commands."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hashlib import blake2b, sha256, shake_256
else:
    try:
        from _blake2 import blake2b
        from _sha3 import shake_256

        try:
            from _sha2 import sha256
        except ImportError:  # before Python 3.12
            from _sha256 import sha256
    except ImportError:  # an interpreter that has none of its own
        from hashlib import blake2b, sha256, shake_256

__all__ = ["blake2b", "sha256", "shake_256"]
