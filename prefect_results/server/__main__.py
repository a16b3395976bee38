"""Serve with options given as JSON, as `ServerProcess` starts it; people use the command line."""

from __future__ import annotations

import json
import os
import sys

from prefect_results.server.running import KEY_VARIABLE, serve

if __name__ == "__main__":
    serve(**json.loads(sys.argv[1]), key=os.environ.get(KEY_VARIABLE))
