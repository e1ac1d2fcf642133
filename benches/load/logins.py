"""Rows 7 and 8: who logs in, and who stays in."""

import statistics
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import data
from server import BINARY

BARE = BINARY.with_name("bare-argon2")
CONNECTIONS = 16  # Fewer than may wait for a hash: none is refused.
FAMILIES = 512  # Sessions that are refreshed; a multiple of the connections, so that none has to wait for its turn.


def bare(seconds):
    """Hashes a second on all cores, by nothing but the library and with patron's parameters."""
    return float(subprocess.run([BARE, str(seconds)], check=True, capture_output=True, text=True).stdout)


def log_in(bench, server, drive):
    url = "/api/customer/tokens"
    logins = lambda: drive("login.lua", CONNECTIONS, url)
    bench.beside(7, "logins against bare argon2id on all cores", 0.95, logins, lambda: bare(bench.seconds))
    rest, busy = [], []
    for _ in range(bench.options.rounds):
        rest.append(drive("customer.lua", 16)[1])
        # Twice as long, so that there are logins from the first read to the last.
        meanwhile = threading.Thread(target=lambda: drive("login.lua", CONNECTIONS, url, seconds=2 * bench.seconds))
        meanwhile.start()
        busy.append(drive("customer.lua", 16)[1])
        meanwhile.join()
    at_rest, beside = statistics.median(rest), statistics.median(busy)
    bench.add(7, "p99 of row 1 beside logins against at rest, 16 connections", "≤ 3", beside / at_rest, f"{beside:.1f} ms and {at_rest:.1f} ms")


def refresh(bench, server, drive, alone):
    rows = data.psql(bench.postgres, f"SELECT email FROM customer ORDER BY random() LIMIT {FAMILIES}").split()

    def family(email):
        return server.post("/api/customer/tokens", {"email": email, "password": data.PASSWORD})["data"]["refreshToken"]

    def ours():
        # Each token is good once: every round begins with new ones.
        with ThreadPoolExecutor(4) as pool:
            data.lines(bench.folder / "families", pool.map(family, rows))
        # It looks at every answer, and a round to check would use the tokens up.
        return drive("refresh.lua", url="/api/customer/token/refresh", check=1)

    bench.beside(8, "refresh with rotation against an update of one row", 0.4, ours, lambda: alone("update.sql"))
