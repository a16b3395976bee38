"""The version, for the package's face and for the wire alike."""

__version__ = "0.1.0"

#: The release whose JSON forms and names are served, and by whom: what data carries as
#: `__version__`, and what legacy code sees as `prefect.__version__`.
LEGACY_VERSION = f"1.4.1+prefect_results.{__version__}"
