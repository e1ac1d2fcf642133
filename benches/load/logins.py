"""Rows 7 and 8: logins and token refreshes."""

import statistics
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import data
from server import program

CONNECTIONS = 16  # Fewer than the hashes that may wait, so that no login is refused.
FAMILIES = 512  # Token families that are refreshed; a multiple of the connections, so that no connection has to wait.


def bare(seconds):
    """Returns hashes per second of the library alone, on all cores and with patron's parameters."""
    return float(subprocess.run([program("bare-argon2"), str(seconds)], check=True, capture_output=True, text=True).stdout)


def log_in(bench, server, drive):
    url = "/api/customer/tokens"
    logins = lambda: drive("login.lua", CONNECTIONS, url)
    bench.compare(7, "logins against bare argon2id on all cores", "7 logins", logins, lambda: bare(bench.seconds), CONNECTIONS)
    idle_p99, busy_p99 = [], []
    for _ in range(bench.options.rounds):
        idle_p99.append(drive("customer.lua", 16)[1])
        # Twice as long, so that logins run during all reads.
        login_load = threading.Thread(target=lambda: drive("login.lua", CONNECTIONS, url, seconds=2 * bench.seconds))
        login_load.start()
        busy_p99.append(drive("customer.lua", 16)[1])
        login_load.join()
    idle, busy = statistics.median(idle_p99), statistics.median(busy_p99)
    bench.add(7, "p99 of row 1 during logins against without", busy / idle, f"{busy:.1f} ms and {idle:.1f} ms", goal="7 reads", connections=16)


def new_families(server, folder, url):
    """Logs customers in, for the tokens of refresh.lua."""
    emails = data.psql(url, f"SELECT email FROM customer ORDER BY random() LIMIT {FAMILIES}").split()

    def family(email):
        return server.post("/api/customer/tokens", {"email": email, "password": data.PASSWORD})["data"]["refreshToken"]

    with ThreadPoolExecutor(4) as pool:
        data.write_lines(folder / "families", pool.map(family, emails))


def refresh(bench, server, drive, alone):
    def ours():
        # Each token can be used once: every round begins with new ones.
        new_families(server, bench.folder, bench.postgres)
        # The script checks every response, and a run to check would use the tokens up.
        return drive("refresh.lua", url="/api/customer/token/refresh", check=1)

    bench.compare(8, "refresh with rotation against an update of one row", "8", ours, lambda: alone("update.sql"))
