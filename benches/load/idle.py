"""Row 16: the memory of idle connections, and row 1 beside them."""

import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from drive import wrk
from server import Server

ROOM = 1_000  # connections and files besides the idle ones
HOLDER = Path(__file__).with_name("idle_connections.py")


class Idle:
    """Idle connections, each of which has had one request."""

    def __init__(self, server, folder, protocol, count):
        address = urlsplit(server.url)
        self.count = count
        self.command = [sys.executable, HOLDER, protocol, address.hostname, str(address.port), str(count)]
        self.env = {**os.environ, "FOLDER": str(folder), "TOKEN": server.token}

    def __enter__(self):
        self.process = subprocess.Popen(self.command, env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.expect("were opened; the reason is above")
        return self

    def expect(self, what):
        line = self.process.stdout.readline().strip()
        if line != str(self.count):
            self.process.kill()
            raise SystemExit(f"row 16: {line or 'not all'} of {self.count} connections {what}")

    def check_open(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.expect("stayed open. patron closes idle ones after 75 s: rounds (--seconds) must be shorter than a minute")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(30)


def raise_open_files(needed):
    """Raises the limit of open files of this program and those that it starts."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, most if most == resource.RLIM_INFINITY else max(most, needed)))
    except (ValueError, OSError):
        raise SystemExit(f"row 16 needs {needed} open files, and the system allows {most}. Raise the limit as root (ulimit -Hn {needed}), "
                         "or open fewer connections: --idle N")


def run(bench):
    count = bench.options.idle
    for name, protocol in [("HTTP/1.1", "1"), ("HTTP/2", "2")]:
        # The default of PATRON_CONNECTIONS is 10 000, which would leave no room for wrk. All other settings are the defaults.
        with Server(bench.folder / "pg", DATABASE_URL=bench.postgres, PATRON_CONNECTIONS=str(count + ROOM)) as server:
            measure(bench, server, name, protocol, count)


def measure(bench, server, name, protocol, count):
    drive = lambda: wrk(server.url + "/api/graphql", "customer.lua", bench.seconds, 64, token=server.token, folder=bench.folder)[0]
    drive()  # Warms up.
    alone, beside, memory = [], [], []
    for _ in range(bench.options.rounds):
        alone.append(drive())
        before = server.memory()
        with Idle(server, bench.folder, protocol, count) as idle:
            time.sleep(3)
            memory.append((server.memory(), before))
            beside.append(drive())
            idle.check_open()
        time.sleep(3)
    most, before = max(memory)
    bench.add(16, f"memory with {count:,} idle connections, {name}", most, f"{before:.0f} MB before they were opened", goal="16 memory", unit="MB")
    rates = statistics.median(beside), statistics.median(alone)
    bench.add(16, f"row 1 beside {count:,} idle connections, {name}", rates[0] / rates[1], f"{rates[0]:,.0f}/s; without them {rates[1]:,.0f}/s",
              goal="16 row 1", connections=64, ours=rates[0], reference=rates[1])
