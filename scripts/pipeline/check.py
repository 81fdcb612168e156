"""Lets the examples in Python and for the shell watch an account that goes bad: `URL WORKSPACE KEY SERVER_PID`.

What each has to see is the same as in check.mjs. At the end the server is killed."""
import base64
import hmac
import json
import os
import pathlib
import queue
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

from gate import Gate
from held import decisions
from stream import effects
from webhook import verify

URL, WORKSPACE, KEY, SERVER = sys.argv[1:]
ACCOUNT = "0191b5a2-7c3e-7d11-9f00-00000000acc2"
HERE = pathlib.Path(__file__).parent
PATIENCE = 20


def call(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{URL}/api/workspaces/{WORKSPACE}/{path}", data, headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def low(n):
    data = {"conversationId": f"ext:python-{n}", "accountId": ACCOUNT, "resolved": False}
    data |= {"outcomeScore": 1.5, "processScore": 1.5, "environmentScore": 1.5}
    return {"specversion": "1.0", "id": str(n), "source": "check.py", "type": "conversation.scored", "data": data}


def collect(source):
    """What an endless source gives, as it comes."""
    seen = queue.Queue()
    threading.Thread(target=lambda: [seen.put(one) for one in source], daemon=True).start()
    return lambda: seen.get(timeout=PATIENCE)


def shell(script, **variables):
    environment = {**os.environ, "URL": URL, "WORKSPACE": WORKSPACE, "KEY": KEY, "ACCOUNT": ACCOUNT, **variables}
    return subprocess.Popen(["bash", HERE / script], env=environment, stdout=subprocess.PIPE, text=True)


def asked(when_unreachable):
    return shell("gate.sh", WHEN_UNREACHABLE=when_unreachable).communicate()[0].strip()


def expect(found, expected):
    if found != expected:
        sys.exit(f"check.py: {found!r} where {expected!r} was expected")


opened, closed = Gate(URL, WORKSPACE, KEY, fail_open=True), Gate(URL, WORKSPACE, KEY, fail_open=False)
held = collect(decisions(URL, WORKSPACE, KEY, ACCOUNT))
held_by_curl = shell("held.sh")
told = collect(effects(URL, WORKSPACE, KEY, "breaker.triggered,breaker.acknowledged,breaker.resolved", "0-0.0"))
line = lambda: held_by_curl.stdout.readline().strip()

expect([opened.may_answer(ACCOUNT), closed.may_answer(ACCOUNT), asked("pause")], [True, True, "proceed"])
expect([held(), line()], ["proceed", "proceed"])
call("events", [low(n) for n in range(3)])
expect([opened.may_answer(ACCOUNT), closed.may_answer(ACCOUNT), asked("proceed")], [False, False, "pause"])
expect([held(), line()], ["pause", "pause"])
kind, effect, last_id = told()
expect((kind, effect["data"]["scopeKey"]), ("breaker.triggered", f"account:acc_{ACCOUNT}"))
breaker = effect["data"]["id"]
for step in ("acknowledge", "resolve"):
    call(f"quality/circuit-breakers/{breaker}/{step}", {"note": "Called them."})
expect([told()[0], told()[0]], ["breaker.acknowledged", "breaker.resolved"])
expect([held(), line()], ["proceed", "proceed"])
expect([opened.may_answer(ACCOUNT), closed.may_answer(ACCOUNT)], [True, True])
# Who was away goes on where it was.
again = collect(effects(URL, WORKSPACE, KEY, "breaker.acknowledged,breaker.resolved", last_id))
expect([again()[0], again()[0]], ["breaker.acknowledged", "breaker.resolved"])
try:
    Gate(URL, WORKSPACE, "sf_live_v1_" + "x" * 32, fail_open=True).may_answer(ACCOUNT)
    sys.exit("check.py: a wrong key is no reason to answer")
except urllib.error.HTTPError as error:
    expect(error.code, 401)

secret = "whsec_" + base64.b64encode(bytes(range(32))).decode()
body, now = b'{"type":"breaker.triggered"}', str(int(time.time()))
signature = base64.b64encode(hmac.digest(bytes(range(32)), f"msg_1.{now}.".encode() + body, "sha256")).decode()
headers = {"webhook-id": "msg_1", "webhook-timestamp": now, "webhook-signature": f"v1,AAAA v1,{signature}"}
expect(verify(secret, headers, body), {"type": "breaker.triggered"})
for wrong in ({"webhook-id": "msg_2"}, {"webhook-timestamp": "1614265330"}, {"webhook-signature": "v1,AAAA"}):
    try:
        verify(secret, headers | wrong, body)
        sys.exit(f"check.py: a webhook with {wrong} was taken")
    except ValueError:
        pass

held_by_curl.kill()
os.kill(int(SERVER), signal.SIGKILL)
expect([opened.may_answer(ACCOUNT), closed.may_answer(ACCOUNT)], [True, True])  # the last answer, for a minute
other = "0191b5a2-7c3e-7d11-9f00-00000000acc4"
expect([opened.may_answer(other), closed.may_answer(other)], [True, False])
expect([asked("proceed"), asked("pause")], ["proceed", "pause"])
