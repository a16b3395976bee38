"""Code that says `import prefect`: telling it, and having the name served.

Here for rooms below the one that serves it, which is `compat`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from prefect_results.exceptions import ConfigurationError

_install: Callable[[], None] | None = None


def register_legacy_names(install: Callable[[], None]) -> None:
    """Hand over what lets `import prefect` be served; the package does when it is imported.

    Args:
        install: Switches the legacy names on in this process; calling it again changes nothing.
    """
    global _install
    _install = install


def serve_legacy_names() -> None:
    """Let `import prefect` be served by this library, in this process, from now on.

    Raises:
        ConfigurationError: Nothing that does it is registered.
        LegacyClash: Another `prefect` is imported in this process already.
    """
    if _install is None:
        raise ConfigurationError(
            "Nothing is registered that serves the legacy names; importing `prefect_results` "
            "does that."
        )
    _install()


def imports_prefect(source: bytes) -> bool:
    """Whether a module imports the legacy package.

    Args:
        source: The module's code.

    Raises:
        SyntaxError: It is no Python.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            modules = [node.module or ""]
        else:
            continue
        if any(module.partition(".")[0] == "prefect" for module in modules):
            return True
    return False
