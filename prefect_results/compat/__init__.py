"""`import prefect`, served by this library, so that an unmodified legacy flow file runs.

Belongs here: the table of legacy names, the import hook, the codemod that rewrites imports, and
the descriptions of deployments that legacy flow files carry. The library itself never imports
this package.

```python
import prefect_results.compat

prefect_results.compat.install()

from prefect import Flow, task  # prefect_results' own
```

On the command line, `python -m prefect_results.compat flow.py` runs a flow file, and
`python -m prefect_results.compat rewrite flow.py` shows its imports rewritten.
"""

from __future__ import annotations

from prefect_results.compat.finder import install, is_installed, uninstall

__all__ = ["install", "is_installed", "uninstall"]
