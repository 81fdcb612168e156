"""Where the processes run: each in a network namespace of its own, so that the network between any two can be cut, or
all on 127.0.0.1 where that cannot be had."""
import os
import shutil
import subprocess

from common import free_ports, is_root

PORTS = ("client", "route", "monitor", "api", "admin")
# Nobody has it: what is sent there is lost on the way, without a word to the sender.
NOBODY = "02:00:00:00:00:01"


class Place:
    def __init__(self, name, host, ports, prefix=(), namespace=None):
        self.name, self.host, self.ports, self.prefix, self.namespace = name, host, dict(zip(PORTS, ports)), list(prefix), namespace

    def at(self, port):
        return f"{self.host}:{self.ports[port]}"


class Local:
    """All processes on 127.0.0.1, each on ports of its own. Nothing can be cut."""
    can_cut, host = False, "127.0.0.1"

    def make(self, names):
        ports = free_ports(len(PORTS) * len(names))
        return [Place(name, self.host, ports[at * len(PORTS):]) for at, name in enumerate(names)]

    def close(self):
        pass


class Namespaces:
    """A namespace for each process, and a bridge that joins them and this process."""
    can_cut = True

    def __init__(self):
        number = os.getpid()
        self.tag, self.net = f"ts{number % 100_000}", f"10.{100 + number // 250 % 100}.{number % 250}"
        self.bridge, self.host, self.places, self.cuts = f"{self.tag}b", f"{self.net}.1", {}, []
        ip("link", "add", self.bridge, "type", "bridge")
        try:
            ip("addr", "add", f"{self.host}/24", "dev", self.bridge)
            ip("link", "set", self.bridge, "up")
        except subprocess.CalledProcessError:
            self.close()
            raise

    def make(self, names):
        return [self._one(number, name) for number, name in enumerate(names, 10)]

    def _one(self, number, name):
        namespace, wire, host = f"{self.tag}{name}", f"{self.tag}w{number}", f"{self.net}.{number}"
        place = Place(name, host, (4222, 6222, 8222, 8080, 9180), ("ip", "netns", "exec", namespace), namespace)
        ip("netns", "add", namespace)
        self.places[name] = place
        ip("link", "add", wire, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        ip("link", "set", wire, "master", self.bridge, "up")
        for words in (("addr", "add", f"{host}/24", "dev", "eth0"), ("link", "set", "eth0", "up"), ("link", "set", "lo", "up")):
            ip("-n", namespace, *words)
        return place

    def cut(self, one, others):
        """No packet gets from `one` to any of the others, or back, until `heal`."""
        for other in others:
            for here, there in ((one, other), (other, one)):
                ip("-n", here.namespace, "neigh", "replace", there.host, "lladdr", NOBODY, "nud", "permanent", "dev", "eth0")
                self.cuts.append((here, there))

    def heal(self):
        for here, there in self.cuts:
            ip("-n", here.namespace, "neigh", "del", there.host, "dev", "eth0")
        self.cuts = []

    def close(self):
        for place in self.places.values():
            subprocess.run(["ip", "netns", "del", place.namespace], stderr=subprocess.DEVNULL)
        subprocess.run(["ip", "link", "del", self.bridge], stderr=subprocess.DEVNULL)


def ip(*words):
    subprocess.run(["ip", *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def find():
    """Namespaces where they can be had, and why not where they cannot."""
    if not is_root():
        return Local(), "this needs root"
    if shutil.which("ip") is None:
        return Local(), "this needs iproute2"
    try:
        return Namespaces(), None
    except subprocess.CalledProcessError as error:
        return Local(), f"ip: {(error.stderr or '').strip()}"
