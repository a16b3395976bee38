"""What a user of Prefect 1.4.1 does whose backend is `cloud`; run by its interpreter.

The key-value store of that release exists for that backend only. The server it is pointed at wants
a key.
"""

import json
import sys

from prefect import Client
from prefect.backend import delete_key, get_key_value, list_keys, set_key_value
from prefect.exceptions import AuthorizationError

SEEN = {}


def main():
    first = set_key_value("greeting", {"text": "hello", "numbers": [1, 2.5, None]})
    SEEN["again"] = set_key_value("greeting", {"text": "bye"}) == first
    set_key_value("other", 3)
    SEEN["value"] = get_key_value("greeting")["text"]
    SEEN["keys"] = list_keys()
    SEEN["deleted"] = delete_key("other")
    SEEN["left"] = list_keys()
    for call in (get_key_value, delete_key):
        try:
            call("other")
        except ValueError as exc:
            SEEN[call.__name__] = str(exc)
    client = Client()
    SEEN["tenant"] = client.tenant_id
    SEEN["project"] = client.create_project("in the cloud") == client.create_project("in the cloud")
    try:
        Client(api_key="wrong").graphql("{ hello }")
    except AuthorizationError as exc:
        SEEN["wrong key"] = str(exc)
    with open(sys.argv[1], "w") as out:
        json.dump(SEEN, out)


if __name__ == "__main__":
    main()
