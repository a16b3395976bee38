"""Compression around another serializer.

Not here: what is compressed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from prefect_results.serializers.base import (
    Serializer,
    register_serializer,
    serializer_from_config,
)

COMMON = ("bz2", "gzip", "lzma", "zlib")

# Formats that a wire form may name: the common ones, and what code here has asked for already.
_known_formats = set(COMMON)


@register_serializer
class CompressedSerializer(Serializer):
    """Compresses the bytes of another serializer (Prefect 1.4.1).

    Args:
        serializer: makes the bytes.
        format: name of a module with `compress` and `decompress`: bz2, gzip, lzma or zlib, or
            another one that is installed. Either this or both functions are given.
        compress: compresses bytes.
        decompress: undoes it.
        compress_kwargs: keyword arguments of each `compress`; none by default.
        decompress_kwargs: keyword arguments of each `decompress`; none by default.

    Raises:
        ValueError: if there is neither a format nor both functions, or there are both.
        ImportError: if the format's module is not installed.
    """

    def __init__(
        self,
        serializer: Serializer,
        format: str | None = None,
        compress: Callable[..., bytes] | None = None,
        decompress: Callable[..., bytes] | None = None,
        compress_kwargs: dict[str, Any] | None = None,
        decompress_kwargs: dict[str, Any] | None = None,
    ) -> None:
        if format and (compress or decompress):
            raise ValueError(
                "You must specify either `format` or `compress`/`decompress`, but not both."
            )
        if format:
            compress, decompress = self.compression_from_lib(format)
            _known_formats.add(format)
        elif not (compress and decompress):
            raise ValueError("You must specify either `format` or `compress`/`decompress`.")
        assert compress is not None
        assert decompress is not None
        self._serializer = serializer
        self._format = format
        self._compress = compress
        self._decompress = decompress
        self._compress_kwargs = compress_kwargs or {}
        self._decompress_kwargs = decompress_kwargs or {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_format" not in state:
            # Pickled by Prefect 1.4.1, which keeps the functions only.
            module = getattr(self._compress, "__module__", None)
            self._format = module if module in COMMON else None

    def serialize(self, value: Any) -> bytes:
        """Turn a value into compressed bytes."""
        return self._compress(self._serializer.serialize(value), **self._compress_kwargs)

    def deserialize(self, value: bytes) -> Any:
        """Turn compressed bytes into the value again."""
        return self._serializer.deserialize(self._decompress(value, **self._decompress_kwargs))

    def options(self) -> dict[str, Any]:
        """The serializer, the format or the functions, and their keyword arguments."""
        options: dict[str, Any] = {"serializer": self._serializer}
        if self._format:
            options["format"] = self._format
        else:
            options.update(compress=self._compress, decompress=self._decompress)
        if self._compress_kwargs:
            options["compress_kwargs"] = self._compress_kwargs
        if self._decompress_kwargs:
            options["decompress_kwargs"] = self._decompress_kwargs
        return options

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> CompressedSerializer:
        """Make a serializer of a wire form.

        Raises:
            LookupError: if it names a format that no code in this process has used.
        """
        known = {"serializer", "format", "compress_kwargs", "decompress_kwargs"}
        given = dict(options)
        if set(given) - known or not isinstance(given.get("format"), str):
            raise TypeError(f"expected {sorted(known)}, got {sorted(given)}")
        if given["format"] not in _known_formats:
            raise LookupError(given["format"])
        given["serializer"] = serializer_from_config(given.get("serializer", {}))
        return cls(**given)

    @staticmethod
    def compression_from_lib(
        compression_format: str,
    ) -> tuple[Callable[..., bytes], Callable[..., bytes]]:
        """Find the functions of a compression module.

        Args:
            compression_format: name of the module.

        Returns:
            Its `compress` and `decompress`.

        Raises:
            ImportError: if the module is not installed.
            ValueError: if it lacks one of the functions.
        """
        others = sorted(name for name in COMMON if name != compression_format)
        try:
            module = import_module(compression_format)
        except ImportError as exc:
            raise ImportError(
                f"There is no module {compression_format!r} to compress with; always there are "
                f"{', '.join(others)}."
            ) from exc
        try:
            return module.compress, module.decompress
        except AttributeError as exc:
            raise ValueError(
                f"The module {compression_format!r} has no functions `compress` and `decompress`; "
                f"give them as arguments, or use one of {', '.join(others)}."
            ) from exc
