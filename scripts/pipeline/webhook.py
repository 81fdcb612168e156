"""Verifies a webhook (Standard Webhooks) with nothing but the standard library."""
import base64
import hmac
import json
import time

TOLERANCE = 300  # seconds


def verify(secret, headers, body):
    """What the body says, if it is signed with the secret and not old.

    The body as it came, in bytes; the names of headers in lower case."""
    message, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(timestamp)) > TOLERANCE:
        raise ValueError("the webhook is too old, or a clock is wrong")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{message}.{timestamp}.".encode() + body, "sha256")
    expected = base64.b64encode(digest).decode()
    for one in headers["webhook-signature"].split(" "):  # there are two after a rotation of the secret
        version, _, signature = one.partition(",")
        if version == "v1" and hmac.compare_digest(signature, expected):
            return json.loads(body)
    raise ValueError("the webhook is not signed with this secret")
