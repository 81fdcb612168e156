"""Sends events as the CloudEvents SDK for Python writes them: `URL WORKSPACE KEY`."""

import sys

import httpx
from cloudevents.core.bindings.http import HTTPMessage, to_binary_event, to_structured_event
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

url, workspace, key = sys.argv[1:]


def event(name: str) -> CloudEvent:
    """The id, the time and the version are the SDK's own."""
    data = {"conversationId": "0191b5a2-7c3e-7d11-9f00-0000000000b4", "text": "Tak for hjælpen"}
    attributes = {"source": f"/sdk/python/{name}", "type": "message.received", "subject": "Blåbær & co"}
    return CloudEvent(attributes=attributes, data=data)


def send(message: HTTPMessage) -> None:
    headers = {**message.headers, "Authorization": f"Bearer {key}"}
    answer = httpx.post(f"{url}/api/workspaces/{workspace}/events", content=message.body, headers=headers)
    assert answer.status_code == 202, answer.text
    assert answer.json()["accepted"] > 0, answer.text


send(to_binary_event(event("binary")))
send(to_structured_event(event("structured")))
# The SDK has no batches; this is what the JSON format makes of one.
batch = b"[" + b",".join(JSONFormat().write(event(name)) for name in ("first", "second")) + b"]"
send(HTTPMessage({"Content-Type": "application/cloudevents-batch+json"}, batch))
