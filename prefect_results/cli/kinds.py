"""What data is, told by how it starts and ends; nothing of it is unpickled or run.

What belongs here: the marks of formats. What does not: reading data (`objects`).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from datetime import datetime, timezone

_MARKS = (
    (b"\x93PRBUF1\n", "pickle with buffers"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstandard"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"PAR1", "Parquet"),
    (b"ARROW1", "Arrow"),
    (b"\x93NUMPY", "NumPy array"),
    (b"\x89HDF\r\n", "HDF5"),
    (b"PK\x03\x04", "zip"),
    (b"\x89PNG", "PNG image"),
    (b"%PDF", "PDF"),
)
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
# What a whole object of a kind ends with.
_ENDS = {"pickle": b".", "pickle with buffers": b".", "Parquet": b"PAR1", "Arrow": b"ARROW1"}
_RECORD = re.compile(rb'\s*\{\s*"metadata"\s*:\s*')

HEAD = 64 * 1024
"""How many bytes of the beginning tell all that can be told."""


def kind_of(head: bytes) -> str:
    """Return what data is that starts so, such as `pickle (protocol 5)` or `gzip of JSON`.

    Args:
        head: The first bytes, up to `HEAD`.
    """
    if not head:
        return "empty"
    if head[0] == 0x80 and len(head) > 1 and 2 <= head[1] <= 5:
        return f"pickle (protocol {head[1]})"
    for mark, name in _MARKS:
        if head.startswith(mark):
            return f"gzip of {kind_of(_inflated(head, 31))}" if name == "gzip" else name
    if head.startswith(_ZLIB):
        inner = _inflated(head, 15)
        if inner:
            return f"zlib of {kind_of(inner)}"
    return _text(head)


def _inflated(head: bytes, bits: int) -> bytes:
    try:
        return zlib.decompressobj(bits).decompress(head, HEAD)
    except zlib.error:
        return b""


def _text(head: bytes) -> str:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as exc:
        # The head may end within a character.
        if exc.start < len(head) - 3 or len(head) < HEAD:
            return "binary data"
        text = head[: exc.start].decode("utf-8")
    if _RECORD.match(head):
        return "result record (JSON)"
    if _is_base64_of_pickle(head):
        return "base64 of a pickle"
    if text.lstrip()[:1] in ("{", "["):
        return "JSON" if len(head) >= HEAD or _parses(text) else "text"
    if len(head) < HEAD and _parses(text):
        return "JSON"
    return "text" if text.isprintable() or any(c in text for c in "\n\t\r") else "binary data"


def _is_base64_of_pickle(head: bytes) -> bool:
    if not head.startswith(b"gA"):
        return False
    try:
        return kind_of(base64.b64decode(head[:8], validate=True)).startswith("pickle")
    except (binascii.Error, ValueError):
        return False


def _parses(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def flaw_of(head: bytes, tail: bytes) -> str | None:
    """Return what shows that data is not whole; None if nothing does, which proves nothing.

    Args:
        head: The first bytes.
        tail: The last few bytes.
    """
    kind = kind_of(head)
    if kind == "empty":
        return "it is empty"
    end = _ENDS.get("pickle" if kind.startswith("pickle (") else kind)
    if end is not None and not tail.endswith(end):
        return f"it is a {kind} whose end is missing"
    return None


def expiration_of(head: bytes) -> datetime | None:
    """Return when a result record of Prefect 3 expires; None for anything else, or never.

    Args:
        head: The first bytes, up to `HEAD`.
    """
    start = _RECORD.match(head)
    if start is None:
        return None
    try:
        text = head[start.end() :].decode("utf-8", "ignore")
        metadata, _ = json.JSONDecoder().raw_decode(text)
        moment = datetime.fromisoformat(str(metadata["expiration"]).replace("Z", "+00:00"))
    except (ValueError, KeyError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
