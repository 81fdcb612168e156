"""A mail server (aiosmtpd) for scripts/check-mail: writes each mail that it takes as a line of JSON.

  server.py MODE FILE    MODE: plain, starttls or tls, the last two with a certificate of an authority of their own in ca.pem

It asks for the user "me@example.com" with the password "s3cr:t/ word". By the name of whom a mail is for:
gone: 550; later: 450; slow-…: taken after three seconds; cut: the connection breaks off in the text.
"""
import asyncio
import base64
import json
import ssl
import sys

import trustme
from aiosmtpd.smtp import SMTP, AuthResult

USER, PASSWORD = b"me@example.com", b"s3cr:t/ word"


class Handler:
    def __init__(self, path):
        self.path = path

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = {"gone": "550 5.1.1 no such user", "later": "450 4.2.0 greylisted"}.get(address.split("@")[0])
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server, session, envelope):
        name = envelope.rcpt_tos[0].split("@")[0]
        if name == "cut":
            server.transport.abort()
            return "451 gone"
        if name.startswith("slow"):
            await asyncio.sleep(3)
        mail = {
            "to": envelope.rcpt_tos,
            "from": envelope.mail_from,
            "tls": session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None,
            "raw": base64.b64encode(envelope.original_content).decode(),
        }
        with open(self.path, "a", encoding="ascii") as file:
            file.write(json.dumps(mail) + "\n")
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    # What is not handled here is answered 535.
    return AuthResult(success=(data.login, data.password) == (USER, PASSWORD), handled=False)


async def main(mode, path):
    open(path, "w").close()
    options = {"hostname": "localhost", "authenticator": authenticate, "auth_required": True, "auth_require_tls": mode == "starttls"}
    context = None
    if mode != "plain":
        authority = trustme.CA()
        authority.cert_pem.write_to_path("ca.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
    if mode == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    serving = asyncio.get_running_loop().create_server(
        lambda: SMTP(Handler(path), **options), "127.0.0.1", 0, ssl=context if mode == "tls" else None
    )
    async with await serving as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
