"""The processes: NATS servers and nodes of Tripswitch. Each can be started, stopped, killed, paused and let go on."""
import http.client
import json
import os
import re
import signal
import subprocess

from common import ROOT, Trouble, tail, until
from nats import Nats, NatsError

# What is shipped is what is tried, user and permissions included; but not its TLS, for which nobody has certificates here.
SHIPPED = (ROOT / "packaging" / "nats" / "cluster.conf").read_text()
PASSWORDS = {"TRIPSWITCH": "of-the-nodes", "OPERATOR": "of-the-checks", "SYSTEM": "of-nobody"}

# The exit code of a node that does not reach what it needs. The unit starts it again, and so is done here.
UNAVAILABLE = 69

NODE = """
[cluster]
servers = [{servers}]
name = "{cluster}"
node = "{place.name}"
advertise = "http://{api}"
partitions = {partitions}
replicas = 3
credentials_file = "{directory}/credentials"

[server]
listen = "{api}"

[admin]
listen = "{admin}"

[storage]
data_dir = "{directory}/data"

[webhooks]
allow_private = true

[log]
level = "{level}"
"""


class Process:
    """A program that can end and begin again, with a log that goes on."""

    def __init__(self, place, directory, command):
        self.place, self.name, self.directory, self.process = place, place.name, directory, None
        self.began_again, self.panics, self.paused = 0, 0, False
        self.command, self.log = [*place.prefix, *command], directory / "log"

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory,
                                            start_new_session=True)
        return self

    def up(self):
        return self.process is not None and self.process.poll() is None

    def _signal(self, number):
        if not self.up():
            raise Trouble(f"{self.name} has ended with {self.process and self.process.returncode}:\n{tail(self.log)}")
        self.process.send_signal(number)

    def kill(self):
        self._signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds=60):
        """A stop in order; the code it ended with."""
        self._signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Trouble(f"{self.name} did not stop:\n{tail(self.log)}") from None

    def pause(self):
        self._signal(signal.SIGSTOP)
        self.paused = True

    def go_on(self):
        self._signal(signal.SIGCONT)
        self.paused = False

    def end(self):
        """At the end of the check, whatever state it is in."""
        if self.up():
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def asked(self, port, path):
        """Status and body of a GET without a key; (0, "") where nobody answers."""
        connection = http.client.HTTPConnection(self.place.host, self.place.ports[port], timeout=2)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    def ready(self):
        if not self.up() and self.process.returncode == UNAVAILABLE:
            self.began_again += 1
            self.start()
        if not self.up():
            raise Trouble(f"{self.name} has ended with {self.process.returncode}:\n{tail(self.log)}")
        return self.asked(*self.health)[0] == 200

    def await_ready(self):
        try:
            until(self.ready, f"{self.name} is ready")
        except Trouble as trouble:
            raise Trouble(f"{trouble}\n{self.asked(*self.health)}\n{tail(self.log)}") from None
        return self


class NatsServer(Process):
    health = ("monitor", "/healthz")

    def __init__(self, binary, place, places, directory):
        directory.mkdir()
        (directory / "passwords.conf").write_text("".join(f"{who}_PASSWORD: {word}\n" for who, word in PASSWORDS.items()))
        (directory / "nats.conf").write_text(f"server_name: {place.name}\n{configured(place, places, directory)}")
        super().__init__(place, directory, [binary, "-c", str(directory / "nats.conf")])

    def clients(self):
        """The addresses of those who are connected."""
        status, body = self.asked("monitor", "/connz?limit=1024")
        return {one["ip"]: one.get("name", "") for one in json.loads(body)["connections"]} if status == 200 else {}


def configured(place, places, directory):
    """The shipped configuration with the addresses and the directory of a check."""
    text = re.sub(r"\n *tls \{[^}]*\}", "", SHIPPED)
    for shipped, own in (("0.0.0.0:4222", place.at("client")), ("0.0.0.0:6222", place.at("route")), ("127.0.0.1:8222", place.at("monitor")),
                         ("/var/lib/nats", directory / "store"), *((f"n{at}.example.com:6222", other.at("route")) for at, other in enumerate(places, 1))):
        if shipped not in text:
            raise Trouble(f"{shipped} does not stand in packaging/nats/cluster.conf")
        text = text.replace(shipped, str(own))
    return text


class NatsServers:
    def __init__(self, binary, places, directory):
        self.all = [NatsServer(binary, place, places, directory / place.name) for place in places]
        self.connection = None

    def start(self):
        for server in self.all:
            server.start()
        for server in self.all:
            server.await_ready()
        until(self.works, "JetStream has a leader")

    def works(self):
        try:
            self.ask(lambda nats: nats.api("INFO"))
            return True
        except NatsError:
            return False

    def ask(self, question):
        """Asks a server that answers; another one where the last has gone."""
        problem = NatsError("no server is up")
        for server in self.all:
            try:
                if self.connection is None or self.connection.failed:
                    self.connection = Nats(server.place.host, server.place.ports["client"], "operator", PASSWORDS["OPERATOR"], timeout=3)
                return question(self.connection)
            except (NatsError, OSError) as error:
                problem = error
                if self.connection is not None:
                    self.connection.close()
                self.connection = None
        raise NatsError(str(problem))

    def leader(self, stream):
        """The server that leads a stream."""
        def look():
            try:
                name = self.ask(lambda nats: nats.api(f"STREAM.INFO.{stream}")).get("cluster", {}).get("leader")
            except NatsError:
                return None
            return next((server for server in self.all if server.name == name), None)
        return until(look, f"{stream} has a leader")


class Node(Process):
    health = ("admin", "/readyz")

    def __init__(self, binary, place, nats, directory, secret, cluster, partitions, level="info"):
        (directory / "data").mkdir(parents=True, mode=0o700)
        file = directory / "data" / "secret"
        file.write_bytes(secret)
        file.chmod(0o600)
        credentials = directory / "credentials"
        credentials.write_text(f"tripswitch:{PASSWORDS['TRIPSWITCH']}\n")
        credentials.chmod(0o600)
        servers = ", ".join(f'"nats://{server.place.at("client")}"' for server in nats.all)
        self.config = directory / "config.toml"
        self.config.write_text(NODE.format(servers=servers, cluster=cluster, place=place, partitions=partitions, api=place.at("api"),
                                           admin=place.at("admin"), directory=directory, level=level))
        self.binary = binary
        super().__init__(place, directory, [binary, "serve", "--config", str(self.config)])

    def verb(self, *words, fails=False):
        """Runs another verb of the program where the node runs, with its configuration; what it prints."""
        done = subprocess.run([*self.place.prefix, self.binary, *words, "--config", str(self.config)], capture_output=True, text=True,
                              cwd=self.directory, timeout=60, env={**os.environ, "NO_COLOR": "1"})
        if done.returncode and not fails:
            raise Trouble(f"tripswitch {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout
