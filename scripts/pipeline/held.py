"""Yields every decision on an account, as soon as it is another one."""
import json
import time
import urllib.parse
import urllib.request


def decisions(url, workspace, key, account):
    epoch = last = None
    while True:
        query = {"accountId": account}
        if epoch is not None:
            query |= {"waitEpoch": epoch, "timeoutSeconds": 30}
        address = f"{url}/api/workspaces/{workspace}/quality/gate?{urllib.parse.urlencode(query)}"
        request = urllib.request.Request(address, headers={"Authorization": f"Bearer {key}"})
        try:
            with urllib.request.urlopen(request, timeout=40) as answer:  # longer than the gate holds
                now = json.load(answer)
        except (OSError, ValueError):
            epoch = None  # asks for the present as soon as there is an answer
            time.sleep(1)
            continue
        epoch = now["epoch"]
        if now["decision"] != last:
            last = now["decision"]
            yield last
