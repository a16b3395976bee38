"""The version, for the package's face and for the wire alike."""

__version__ = "0.1.0"
