"""Text that can be kept anywhere."""

from __future__ import annotations


def storable(text: str) -> str:
    """Text that every database and every file takes: no NUL and no lone surrogate is left in it.

    Args:
        text: Any; what is fine comes back as it is.
    """
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
