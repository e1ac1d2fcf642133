"""Finds the programs, and runs patron as a server on loopback."""

import json
import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

RELEASE = Path(os.environ.get("CARGO_TARGET_DIR", Path(__file__).resolve().parents[2] / "target")) / "release"
ADMIN = {"email": "admin@bench.example", "password": "staple battery horse"}


chosen = None  # the binary of patron that was selected with --program


def choose(binary):
    global chosen
    chosen = binary


def program(name="patron"):
    """The path of a program: patron, or a reference, which is beside it or among the builds."""
    if name == "patron" and chosen:
        return chosen
    for folder in ([chosen.parent] if chosen else []) + [RELEASE]:
        if (folder / name).is_file():
            return folder / name
    raise SystemExit(f"the program {name} is missing. Build it: cargo build --release --locked -p {name}")


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Server:
    def __init__(self, folder, log_in=True, binary=None, **settings):
        self.wants_token, self.binary = log_in, binary or program()
        folder.mkdir(exist_ok=True)
        port = free_port()
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

    def memory(self, kind="VmRSS"):
        """Returns the resident memory in MB. RssAnon is without the pages of the program file, which the kernel can drop."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(f"{kind}:"):
                return int(line.split()[1]) / 1024
