"""Writes and reads with the result types of Prefect 1.4.1; run by its interpreter.

Takes JSON on its input: `type`, `options`, `location`, and `value` where it writes. Prints the
location that was written, or the value that was read, and the wire form.
"""

import json
import sys

from prefect.engine import results
from prefect.engine.state import Success
from prefect.serialization.state import StateSchema

request = json.load(sys.stdin)
result = getattr(results, request["type"])(**request["options"])
if "value" in request:
    written = result.write(request["value"])
    answer = {"location": written.location, "state": StateSchema().dump(Success(result=written))}
else:
    found = result.read(request["location"])
    exists = result.exists(request["location"])
    answer = {"value": found.value, "exists": exists}
json.dump(answer, sys.stdout)
