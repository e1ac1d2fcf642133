"""Runs the release binary as a server on loopback."""

import json
import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

BINARY = Path(os.environ.get("CARGO_TARGET_DIR", Path(__file__).resolve().parents[2] / "target")) / "release/patron"
ADMIN = {"email": "admin@bench.example", "password": "staple battery horse"}


class Server:
    def __init__(self, folder, log_in=True, binary=BINARY, **settings):
        self.wants_token, self.binary = log_in, binary
        folder.mkdir(exist_ok=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.folder = folder
        self.env = {
            "PATH": os.environ["PATH"], "PATRON_LISTEN": f"127.0.0.1:{port}", "PATRON_DATA_DIR": str(folder),
            "PATRON_ADMIN_EMAIL": ADMIN["email"], "PATRON_ADMIN_PASSWORD": ADMIN["password"],
            # Without log lines per request, whose cost would be measured as well.
            "PATRON_LOG": "warn",
            # All clients share one address: the limits are counted, but never reached.
            "PATRON_PASSWORDS_PER_ADDRESS": "1000000000", "PATRON_TOKENS_PER_ADDRESS": "1000000000",
            # Longer than any benchmark, since the tokens are issued before it.
            "JWT_ADMIN_TOKEN_EXPIRY": "86400", "JWT_CUSTOMER_TOKEN_EXPIRY": "86400", **settings,
        }

    def __enter__(self):
        start = time.perf_counter()
        log = open(self.folder / "log", "w")
        self.process = subprocess.Popen([self.binary, "serve", "--migrate"], env=self.env, stdout=subprocess.DEVNULL, stderr=log)
        while True:
            if self.process.poll() is not None or time.perf_counter() - start > 60:
                raise SystemExit((self.folder / "log").read_text())
            try:
                urllib.request.urlopen(self.url + "/health/ready", timeout=5).read()
                break
            except OSError:
                time.sleep(0.002)
        self.started_ms = (time.perf_counter() - start) * 1000
        if self.wants_token:
            self.log_in()
        return self

    def log_in(self):
        self.token = self.post("/api/user/tokens", ADMIN)["data"]["accessToken"]

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)

    def post(self, path, body, token=None):
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)
        return json.load(urllib.request.urlopen(request, timeout=60))

    def memory(self):
        """Returns the resident memory in MB."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
