"""`python -m prefect_results.compat`: runs legacy files and rewrites their imports.

```
python -m prefect_results.compat flow.py [arguments of flow.py]
python -m prefect_results.compat rewrite [--write] FILE...
python -m prefect_results.compat where prefect.engine.state.Success
```
"""

from __future__ import annotations

import os
import sys

from prefect_results.compat import install, table

USAGE = "\n".join(line for line in (__doc__ or "").splitlines() if line.startswith("python -m"))


def run_file(path: str, arguments: list[str]) -> None:
    """Runs a file as `__main__`, with `import prefect` served by this library.

    Args:
        path: the file.
        arguments: what it finds in `sys.argv` after its own name.
    """
    import runpy

    install()
    sys.argv = [path, *arguments]
    sys.path[0] = os.path.dirname(os.path.abspath(path))
    runpy.run_path(path, run_name="__main__")


def where(names: list[str]) -> int:
    """Prints the home of each legacy name; returns the number of names without one."""
    homeless = 0
    for name in names:
        home = table.find(name)
        if home is None and name in table.TABLE:
            listed = table.names_of(name).items()
            print(f"{name}: {', '.join(f'{n} -> {h}' for n, h in listed) or 'a package'}")
        elif home is None:
            homeless += 1
            print(table.advice(name))
        else:
            print(f"{name}: {home}")
    return homeless


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or arguments[0] in ("-h", "--help"):
        print(USAGE)
        return 0 if arguments else 2
    if arguments[0] == "rewrite":
        from prefect_results.compat.rewrite import main as rewrite

        return rewrite(arguments[1:])
    if arguments[0] == "where":
        return min(where(arguments[1:]), 1)
    run_file(arguments[0], arguments[1:])
    return 0


if __name__ == "__main__":
    sys.exit(main())
