"""`python -m tests.conformance`: the comparison with Prefect 1.4.1 on one executor or on all."""

from __future__ import annotations

import argparse
import sys
import time

from tests.conformance import comparison, executors
from tests.conformance.intended import INTENDED, ON_EXECUTORS
from tests.peers import legacy_prefect


def main() -> int:
    """Run the flows, print a table, and what differs without being meant to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--executors", action="store_true", help="on each executor")
    parser.add_argument("--only", action="append", choices=[*executors.NAMES], help="on this one")
    parser.add_argument("flows", nargs="*", help="names of flows; all by default")
    args = parser.parse_args()
    flows = [path for path in comparison.FLOWS if not args.flows or path.stem in args.flows]
    names = args.only or (list(executors.NAMES) if args.executors else ["local"])
    theirs = comparison.theirs(legacy_prefect(), flows)
    rows, wrong = [], []
    for name in names:
        started = time.perf_counter()
        ours = comparison.ours(flows, None if name == "local" else name)
        seconds = time.perf_counter() - started
        intended = INTENDED if name == "local" else (*INTENDED, *ON_EXECUTORS)
        same, meant, bad = 0, 0, 0
        for path in flows:
            found = comparison.differences(
                path.stem, theirs[path.stem], ours[path.stem], remote=name in executors.REMOTE
            )
            unexplained = [d for d in found if not any(i.covers(d, name) for i in intended)]
            wrong += [f"{name}: {difference}" for difference in unexplained]
            same, meant, bad = same + (not found), meant + bool(found), bad + bool(unexplained)
        rows.append((name, len(flows), same, meant - bad, bad, seconds))
    print("\n".join(wrong))
    print(f"{'executor':12}{'flows':>7}{'same':>7}{'as meant':>10}{'differ':>8}{'seconds':>9}")
    for row in rows:
        print("{:12}{:7}{:7}{:10}{:8}{:9.1f}".format(*row))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
