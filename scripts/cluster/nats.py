"""A client of NATS that can do what the checks need: requests, JetStream's API, and reading a stream to its end."""
import base64
import json
import queue
import socket
import ssl
import threading
import uuid


class NatsError(Exception):
    """A refusal of JetStream, or no answer at all."""


class Message:
    def __init__(self, subject, reply, headers, data):
        self.subject, self.reply, self.headers, self.data = subject, reply, headers, data


class Nats:
    """One connection. Threads may share it for requests."""

    def __init__(self, host, port, user=None, password=None, tls=None, timeout=5):
        self.timeout, self.inbox, self.failed = timeout, f"_INBOX.{uuid.uuid4().hex}", None
        self.waiting, self.lock, self.numbers = {}, threading.Lock(), 0
        plain = socket.create_connection((host, port), timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        first = b""
        while not first.endswith(b"\n"):  # byte by byte: what follows may be TLS
            piece = plain.recv(1)
            if not piece:
                raise NatsError("the server closed the connection")
            first += piece
        self.info = json.loads(first.split(b" ", 1)[1])
        self.socket = plain if tls is None else tls.wrap_socket(plain, server_hostname=host)
        hello = {"verbose": False, "pedantic": False, "headers": True, "no_responders": True, "lang": "python",
                 "version": "1", "protocol": 1, "name": "test-cluster"}
        if user:
            hello |= {"user": user, "pass": password}
        self.socket.sendall(f"CONNECT {json.dumps(hello)}\r\nSUB {self.inbox}.* 1\r\nPING\r\n".encode())
        self.reader = self.socket.makefile("rb")
        while (line := self.reader.readline()) != b"PONG\r\n":
            if not line or line.startswith(b"-ERR"):
                raise NatsError(line.decode().strip() or "the server closed the connection")
        self.socket.settimeout(None)
        threading.Thread(target=self._read, daemon=True).start()

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()

    def _read(self):
        try:
            while line := self.reader.readline():
                verb, *words = line.split()
                if verb in (b"MSG", b"HMSG"):
                    self._message(verb == b"HMSG", [word.decode() for word in words])
                elif verb == b"PING":
                    self._send(b"PONG\r\n")
                elif verb == b"-ERR":
                    self.failed = line.decode().strip()
        except (OSError, ValueError):
            pass
        self.failed = self.failed or "the connection has ended"
        for waiting in list(self.waiting.values()):
            waiting.put(None)

    def _message(self, with_headers, words):
        size, head = int(words[-1]), int(words[-2]) if with_headers else 0
        body = self.reader.read(size + 2)[:-2]
        reply = words[2] if len(words) == (5 if with_headers else 4) else None
        headers = {}
        if with_headers:
            status, *lines = body[:head].decode().split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines if ": " in line)
            if len(status.split()) > 1:
                headers["Status"] = status.split(" ", 1)[1]
        waiting = self.waiting.get(words[0].rpartition(".")[2]) or self.waiting.get(words[1])
        if waiting:
            waiting.put(Message(words[0], reply, headers, body[head:]))

    def _send(self, data):
        with self.lock:
            self.socket.sendall(data)

    def _await(self, waiting, what):
        try:
            message = waiting.get(timeout=self.timeout)
        except queue.Empty:
            raise NatsError(f"{what}: no answer in time ({self.failed or 'connected'})") from None
        if message is None:
            raise NatsError(f"{what}: {self.failed}")
        return message

    def request(self, subject, data=b""):
        with self.lock:
            self.numbers += 1
            number = f"r{self.numbers}"
        waiting = self.waiting[number] = queue.Queue()
        try:
            self._send(f"PUB {subject} {self.inbox}.{number} {len(data)}\r\n".encode() + data + b"\r\n")
            message = self._await(waiting, subject)
        except OSError as error:
            raise NatsError(f"{subject}: {error}") from None
        finally:
            del self.waiting[number]
        if message.headers.get("Status", "").startswith("503"):
            raise NatsError(f"{subject}: nobody answers")
        return message

    def api(self, call, **arguments):
        """A request to JetStream's API; its answer, or the refusal as an error."""
        answer = json.loads(self.request(f"$JS.API.{call}", json.dumps(arguments).encode() if arguments else b"").data)
        if "error" in answer:
            raise NatsError(f"{call}: {answer['error']['description']} ({answer['error'].get('err_code')})")
        return answer

    def publish(self, subject, data):
        """Into a stream: the number that the message has there."""
        answer = json.loads(self.request(subject, data).data)
        if "error" in answer:
            raise NatsError(f"{subject}: {answer['error']['description']}")
        return answer["seq"]

    def streams(self):
        """Name and state of every stream."""
        found, more = {}, True
        while more:
            page = self.api("STREAM.LIST", offset=len(found))
            found |= {stream["config"]["name"]: stream for stream in page["streams"] or []}
            more = len(found) < page["total"] and page["streams"]
        return found

    def last(self, stream, subject):
        """The last message of a subject, as its raw bytes; None where there is none."""
        try:
            answer = self.api(f"STREAM.MSG.GET.{stream}", last_by_subj=subject)
        except NatsError as error:
            if "10037" in str(error):
                return None
            raise
        return base64.b64decode(answer["message"].get("data", ""))

    def read(self, stream):
        """Every message that the stream has, in order, with its number: (number, message)."""
        if not self.api(f"STREAM.INFO.{stream}")["state"]["messages"]:
            return
        with self.lock:
            self.numbers += 1
            number = str(1000 + self.numbers)
        waiting, inbox = queue.Queue(), f"_INBOX.{uuid.uuid4().hex}"
        self.waiting[number] = waiting
        self._send(f"SUB {inbox} {number}\r\n".encode())
        try:
            self.api(f"CONSUMER.CREATE.{stream}", stream_name=stream, config={
                "deliver_subject": inbox, "deliver_policy": "all", "ack_policy": "none", "replay_policy": "instant",
                "mem_storage": True, "num_replicas": 1, "inactive_threshold": 10_000_000_000})
            while True:
                message = self._await(waiting, f"reading {stream}")
                if message.reply is None:
                    continue
                # $JS.ACK, stream, consumer, deliveries, number, number at the consumer, time, left; newer ones have two
                # words more before the stream, and one behind.
                words = message.reply.split(".")
                behind = words[5:9] if len(words) == 9 else words[7:11]
                yield int(behind[0]), message
                if int(behind[3]) == 0:
                    return
        finally:
            self._send(f"UNSUB {number}\r\n".encode())
            del self.waiting[number]


def context(authority):
    """TLS that trusts one authority."""
    return ssl.create_default_context(cafile=authority)
