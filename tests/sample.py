"""Which rows of a long table a run takes.

TIJORI_SAMPLE=n takes every n-th row of each kind, from the first on: of a kind with few rows still one.
Without it, as in the release build's tests, all of them. The preset asan sets it: what a row says of the
rules is the same in both builds, and there it is about the code that is met on the way. scripts/torture
takes all rows under ASan as well.
"""

import collections
import os

EVERY = int(os.environ.get("TIJORI_SAMPLE", "1"))


def sampled(rows, kind=lambda row: None):
    seen = collections.Counter()
    for row in rows:
        seen[kind(row)] += 1
        if (seen[kind(row)] - 1) % EVERY == 0:
            yield row
