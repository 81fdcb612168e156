"""A receiver of webhooks: takes what is signed with its secret, each message once.

    WEBHOOK_SECRET=whsec_… python receiver.py [PORT]

Needs the library `standardwebhooks` from PyPI. Prints a line for each message that it takes.
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["WEBHOOK_SECRET"])
seen: set[str] = set()  # in earnest: where it survives a restart, for a week


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        # The body as it came: another spelling of the same JSON has another signature.
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            message = webhook.verify(body, dict(self.headers.items()))
        except WebhookVerificationError:
            self.answer(401)
            return
        # A message may come more than once; its id stays the same.
        if self.headers["webhook-id"] not in seen:
            seen.add(self.headers["webhook-id"])
            print(json.dumps({"id": self.headers["webhook-id"], "type": message["type"]}), flush=True)
        self.answer(204)

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


server = ThreadingHTTPServer(("127.0.0.1", int((sys.argv + ["0"])[1])), Receiver)
print(f"listening on http://127.0.0.1:{server.server_port}/", flush=True)
server.serve_forever()
