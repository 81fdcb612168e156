"""Yields what happens in a workspace, each once and in order, across lost connections."""
import json
import time
import urllib.error
import urllib.parse
import urllib.request


def effects(url, workspace, key, types="", last_id=""):
    """Type, data and id of each; keep the last id to go on after a restart of your own."""
    query = urllib.parse.urlencode({"types": types} if types else {})
    while True:
        headers = {"Authorization": f"Bearer {key}"} | ({"Last-Event-ID": last_id} if last_id else {})
        request = urllib.request.Request(f"{url}/api/workspaces/{workspace}/quality/stream?{query}", headers=headers)
        try:
            # Something comes every 15 seconds, or the connection is dead.
            with urllib.request.urlopen(request, timeout=40) as answer:
                event = {}
                for line in answer:
                    line = line.decode().rstrip("\n")
                    if line:
                        field, _, value = line.partition(": ")
                        event[field] = value
                        continue
                    last_id = event.get("id", last_id)  # an empty line ends an event
                    if "data" in event:
                        yield event["event"], json.loads(event["data"]), last_id
                    event = {}
        except urllib.error.HTTPError as error:
            if error.code in (400, 401, 403, 404):
                raise
        except OSError:
            pass
        time.sleep(2)
