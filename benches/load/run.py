"""Drives patron and, for comparison, the database alone. Started by benches/run."""

import argparse
import json
import os
import platform
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import data
import growth
import lists
import logins
import report
import transfer
import volume
from drive import PAGE, pgbench, wrk
from server import Server

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SAMPLE = 20_000  # uuids and cursors that are requested at random
TOKENS = 1_000  # customers that are logged in
LISTS = range(14, 18)  # rows that lists.py measures
VOLUME = range(18, 21)  # rows that volume.py measures


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder, self.rows = options, folder, []
        self.seconds, self.customers = options.seconds, options.customers
        self.postgres = os.environ["PATRON_TEST_POSTGRES_URL"]
        data.make_durable(self.postgres)

    def is_selected(self, *rows):
        return not self.options.only or any(row in self.options.only for row in rows)

    def compare(self, row, what, goal, ours, theirs):
        """Measures patron and the reference in turn, and reports the ratio of the medians."""
        results, references = [], []
        for _ in range(self.options.rounds):
            results.append(ours())
            references.append(theirs())
        rate = statistics.median(rate for rate, _ in results)
        p99 = statistics.median(p99 for _, p99 in results)
        reference = statistics.median(references)
        self.add(row, what, goal, rate / reference, f"{rate:,.0f}/s, p99 {p99:.1f} ms; reference {reference:,.0f}/s", rate, reference)
        return rate, p99

    def add(self, row, what, goal, figure, detail, ours=None, reference=None):
        goal_text = goal if isinstance(goal, str) else f"≥ {goal}"
        self.rows.append({"row": row, "what": what, "goal": goal_text, "figure": round(figure, 3), "detail": detail,
                          "ours": ours, "reference": reference})
        print(f"  {row:>2}  {what}: {figure:.2f} (goal {goal_text}); {detail}", flush=True)

    def run(self):
        print(f"{self.customers} customers, {self.options.rounds} rounds of {self.seconds} s", flush=True)
        if self.is_selected(*range(1, 11), *LISTS, *VOLUME):
            with Server(self.folder / "pg", DATABASE_URL=self.postgres) as server:
                data.load_postgres(self.postgres, server, self.customers)
            # Restarts patron, so that the estimates of its first seconds are about these customers.
            with Server(self.folder / "pg", DATABASE_URL=self.postgres) as server:
                # Before the rows that change many customers.
                volume.run(self, server)
                if self.is_selected(*range(1, 11)):
                    self.on_postgres(server)
                lists.run(self, server, "PostgreSQL")
        if self.is_selected(9, *LISTS):
            with Server(self.folder / "lite", DATABASE_URL=f"sqlite://{self.folder}/patron.db") as server:
                data.load_sqlite(self.folder / "patron.db", server, self.customers)
            # Restarts patron, so that it does not use connections that planned before ANALYZE.
            with Server(self.folder / "lite", DATABASE_URL=f"sqlite://{self.folder}/patron.db") as server:
                if self.is_selected(9):
                    self.on_sqlite(server)
                lists.run(self, server, "SQLite")
        self.starts()
        if self.is_selected(13):
            transfer.run(self)
        # Row 12 takes long, so it runs only on request.
        if 12 in self.options.only:
            growth.run(self)

    def on_postgres(self, server):
        files = data.samples(self.postgres, server, self.folder, SAMPLE, TOKENS, PAGE)
        env = {"token": server.token, "folder": self.folder, "page": PAGE}
        drive = lambda script, connections=64, url="/api/graphql", seconds=self.seconds, **more: wrk(
            server.url + url, script, seconds, connections, **env, **more)
        alone = lambda script, connections=64: pgbench(self.postgres, script, self.seconds, connections, self.customers)
        drive("customer.lua")  # Warms up both sides.
        self.single = None
        if self.is_selected(1, 5, 9):
            self.single = self.compare(1, "customer(id), random uuid", 1.0, lambda: drive("customer.lua"), lambda: alone("customer.sql"))
        if self.is_selected(2):
            self.compare(2, "currentCustomer, 1 000 tokens", 0.8, lambda: drive("current.lua"), lambda: alone("customer.sql"))
        if self.is_selected(3):
            self.compare(3, "page of 20 with group and addresses", 0.2, lambda: drive("page.lua"), lambda: alone("page.sql"))
        if self.is_selected(4):
            first = statistics.median(wrk(server.url + "/api/graphql", "page.lua", self.seconds, 1, **env, only="first")[0] for _ in range(self.options.rounds))
            middle = statistics.median(wrk(server.url + "/api/graphql", "page.lua", self.seconds, 1, **env, only="middle")[0] for _ in range(self.options.rounds))
            self.add(4, "page half-way by cursor, time against the first", "≤ 1.2", first / middle, f"{1000 / middle:.2f} ms and {1000 / first:.2f} ms")
        if self.is_selected(5):
            p99 = statistics.median(drive("keyword.lua", 16)[1] for _ in range(self.options.rounds))
            base = statistics.median(drive("customer.lua", 16)[1] for _ in range(self.options.rounds))
            self.add(5, "keyword, p99 against that of row 1, 16 connections", "≤ 10", p99 / base, f"{p99:.1f} ms and {base:.1f} ms")
        if self.is_selected(6):
            self.compare(6, "PATCH of a name", 0.5, lambda: drive("patch.lua", url="/api/customers/"), lambda: alone("patch.sql"))
        if self.is_selected(7):
            logins.log_in(self, server, drive)
        if self.is_selected(8):
            logins.refresh(self, server, drive, alone)
        if self.is_selected(10):
            wrk(server.url + "/api/graphql", "customer.lua", self.seconds, 256, **env)
            self.add(10, "memory under row 1 at 256 connections, MB", "≤ 100", server.memory(), "")
        for file in files:
            file.unlink()

    def on_sqlite(self, server):
        files = data.samples_sqlite(self.folder / "patron.db", self.folder, SAMPLE)
        env = {"token": server.token, "folder": self.folder, "page": PAGE}
        run = lambda: wrk(server.url + "/api/graphql", "customer.lua", self.seconds, 64, **env)[0]
        run()
        rate = statistics.median(run() for _ in range(self.options.rounds))
        if self.single:
            self.add(9, "row 1 on SQLite against PostgreSQL", 0.7, rate / self.single[0], f"{rate:,.0f}/s", rate, self.single[0])
        for file in files:
            file.unlink()

    def starts(self):
        if not self.is_selected(11):
            return
        times, idle, after_login = [], [], []
        for _ in range(5):
            with Server(self.folder / "pg", log_in=False, DATABASE_URL=self.postgres) as server:
                times.append(server.started_ms)
                # The memory of the start is released some seconds later, like that of a hash.
                time.sleep(3)
                idle.append(server.memory())
                server.log_in()
                time.sleep(6)
                after_login.append(server.memory())
        self.add(11, "start to ready, PostgreSQL, ms", "≤ 150", statistics.median(times), f"{min(times):.0f} to {max(times):.0f} ms")
        self.add(10, "memory, idle, MB", "≤ 30", statistics.median(idle), f"{statistics.median(after_login):.0f} MB six seconds after a login")


def main():
    parser = argparse.ArgumentParser(prog="benches/run")
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", type=lambda text: {int(row) for row in text.split(",")}, default=set())
    parser.add_argument("--out", type=Path, default=ROOT / "target/bench")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="patron-bench-") as folder:
        bench = Bench(options, Path(folder))
        bench.run()
    machine = {"cpu": cpu(), "cores": os.cpu_count(), "system": platform.platform(), "date": str(__import__("datetime").date.today())}
    report.write(options.out, {"machine": machine, "customers": options.customers, "seconds": options.seconds,
                               "rounds": options.rounds, "rows": bench.rows})


def cpu():
    match = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return match[1] if match else platform.processor()


if __name__ == "__main__":
    main()
