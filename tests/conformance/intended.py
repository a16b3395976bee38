"""Where this library means to differ from Prefect 1.4.1, each with the reason.

The comparison accepts what an entry here matches and nothing else; an entry that matches nothing
fails. The page `docs/conformance.md` lists them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tests.conformance.comparison import Difference


class Intended(NamedTuple):
    """One intended difference.

    Attributes:
        title: what differs, as the page says it.
        flow: regular expression that matches the whole name of the flow.
        path: regular expression found in the difference's path.
        reason: why.
        theirs: regular expression found in the text of what 1.4.1 says; anything if empty.
        ours: the same for what this library says.
    """

    title: str
    flow: str
    path: str
    reason: str
    theirs: str = ""
    ours: str = ""

    def covers(self, difference: Difference) -> bool:
        """True if this entry explains the difference."""
        return bool(
            re.fullmatch(self.flow, difference.flow)
            and re.search(self.path, difference.path)
            and re.search(self.theirs, str(difference.theirs))
            and re.search(self.ours, str(difference.ours))
        )


INTENDED: tuple[Intended, ...] = ()
