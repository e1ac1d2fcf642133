"""Drives patron and, for comparison, the database alone. Started by benches/run."""

import os
import platform
import re
import statistics
import subprocess
import tempfile
import time
from datetime import date
from pathlib import Path

import data
import growth
import idle
import lists
import logins
import mixed
import options
import reads
import report
import server as programs
import transfer
import volume
from drive import PAGE, pgbench, wrk
from server import Server

SAMPLE = 20_000  # uuids and cursors that are requested at random
TOKENS = 1_000  # customers that are logged in
READS = range(0, 4)  # rows that reads.py measures
LISTS = [14, 21, 22, 23]  # rows that lists.py measures
VOLUME = range(18, 21)  # rows that volume.py measures


class Bench:
    def __init__(self, chosen, folder):
        self.options, self.folder, self.rows = chosen, folder, []
        self.seconds, self.customers = chosen.seconds, chosen.customers
        self.server = os.environ["PATRON_TEST_POSTGRES_URL"]
        data.make_durable(self.server)
        if self.is_selected(12):
            growth.check_space(self)
        self.postgres = data.new_database(self.server, "main")

    def is_selected(self, *rows):
        return not self.options.only or any(row in self.options.only for row in rows)

    def compare(self, row, what, goal, ours, theirs, connections=64):
        """Measures patron and the reference in turn, and reports the ratio of the medians."""
        results, references = [], []
        for _ in range(self.options.rounds):
            results.append(ours())
            references.append(theirs())
        rate = statistics.median(rate for rate, _ in results)
        p99 = statistics.median(p99 for _, p99 in results)
        reference = statistics.median(references)
        self.add(row, what, rate / reference, f"{rate:,.0f}/s, p99 {p99:.1f} ms; reference {reference:,.0f}/s", goal=goal,
                 connections=connections, ours=rate, reference=reference)
        return rate, p99

    def add(self, row, what, figure, detail, goal=None, unit="", connections=None, ours=None, reference=None, samples=None):
        """Reports a figure. `goal` is a key of report.GOALS; a figure without a unit is a ratio."""
        goal = report.GOALS[goal] if goal else None
        self.rows.append({"row": row, "what": what, "connections": connections, "goal": goal, "figure": round(figure, 3), "unit": unit,
                          "met": report.is_met(goal, figure), "detail": detail, "ours": ours, "reference": reference, "samples": samples})
        at = report.at(connections)
        judged = f" ({goal}: {'met' if self.rows[-1]['met'] else 'missed'})" if goal else ""
        print(f"  {row:>2}  {what}{at}: {figure:,.2f}{' ' + unit if unit else ''}{judged}; {detail}", flush=True)

    def serve(self, **settings):
        return Server(self.folder / "pg", DATABASE_URL=self.postgres, **settings)

    def run(self):
        print(f"{self.customers:,} customers, {self.options.rounds} rounds of {self.seconds} s", flush=True)
        if self.is_selected(*range(0, 12), *LISTS, 15, 16, *VOLUME):
            with self.serve() as server:
                data.load_postgres(self.postgres, server, self.customers)
        if self.is_selected(*range(0, 11), *LISTS, 15, 16, *VOLUME):
            # Restarts patron, so that the estimates of its first seconds are about these customers.
            with self.serve() as server:
                # Before the rows that change many customers.
                volume.run(self, server)
                if self.is_selected(*range(0, 11), 15, 16):
                    data.samples(self.postgres, server, self.folder, SAMPLE, TOKENS, PAGE)
                if self.is_selected(*range(0, 11)):
                    self.on_postgres(server)
                lists.run(self, server, "PostgreSQL")
            self.under_load()
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
        data.drop_database(self.server, "main")
        if self.is_selected(12):
            growth.run(self)

    def on_postgres(self, server):
        env = {"token": server.token, "folder": self.folder, "page": PAGE}
        drive = lambda script, connections=64, url="/api/graphql", seconds=self.seconds, base=server.url, **more: wrk(
            base + url, script, seconds, connections, **env, **more)
        alone = lambda script, connections=64: pgbench(self.postgres, script, self.seconds, connections, self.customers)
        drive("customer.lua")  # Warms up both sides.
        reads.run(self, server, drive, alone)
        if self.is_selected(4):
            first, middle = (statistics.median(drive("page.lua", 1, only=page)[0] for _ in range(self.options.rounds)) for page in ["first", "middle"])
            self.add(4, "page half-way by cursor, time against the first", first / middle, f"{1000 / middle:.2f} ms and {1000 / first:.2f} ms",
                     goal="4", connections=1)
        if self.is_selected(5):
            p99 = statistics.median(drive("keyword.lua", 16)[1] for _ in range(self.options.rounds))
            base = statistics.median(drive("customer.lua", 16)[1] for _ in range(self.options.rounds))
            self.add(5, "keyword, p99 against that of row 1", p99 / base, f"{p99:.1f} ms and {base:.1f} ms", goal="5", connections=16)
        if self.is_selected(6):
            self.compare(6, "PATCH of a name", "6", lambda: drive("patch.lua", url="/api/customers/"), lambda: alone("patch.sql"))
        if self.is_selected(7):
            logins.log_in(self, server, drive)
        if self.is_selected(8):
            logins.refresh(self, server, drive, alone)

    def under_load(self):
        """Rows whose memory is that of a process which did nothing else."""
        if self.is_selected(10):
            with self.serve() as server:
                wrk(server.url + "/api/graphql", "customer.lua", self.seconds, 256, token=server.token, folder=self.folder)
                self.add(10, "memory under row 1", server.memory(), "", goal="10 busy", unit="MB", connections=256)
        if self.is_selected(15):
            with self.serve() as server:
                mixed.run(self, server)
        if self.is_selected(16):
            idle.run(self)

    def on_sqlite(self, server):
        folder = self.folder / "lite"
        data.samples_sqlite(self.folder / "patron.db", folder, SAMPLE)
        drive = lambda side, samples: wrk(side.url + "/api/graphql", "customer.lua", self.seconds, 64, token=side.token, folder=samples)
        with self.serve() as postgres:
            sides = lambda: drive(server, folder), lambda: drive(postgres, self.folder)[0]
            for warm_up in sides:
                warm_up()
            self.compare(9, "row 1 on SQLite against PostgreSQL", "9", *sides)

    def starts(self):
        if not self.is_selected(10, 11):
            return
        times, idle_memory, private, after_login = [], [], [], []
        for _ in range(5):
            with self.serve(log_in=False) as server:
                times.append(server.started_ms)
                # The memory of the start is released some seconds later, like that of a hash.
                time.sleep(3)
                idle_memory.append(server.memory())
                private.append(server.memory("RssAnon"))
                server.log_in()
                time.sleep(6)
                after_login.append(server.memory())
        if self.is_selected(11):
            self.add(11, "start to ready, PostgreSQL", statistics.median(times), f"{min(times):.0f} to {max(times):.0f} ms", goal="11", unit="ms")
        if self.is_selected(10):
            detail = f"{statistics.median(private):.0f} MB without the program file; {statistics.median(after_login):.0f} MB six seconds after a login"
            self.add(10, "memory, idle", statistics.median(idle_memory), detail, goal="10 idle", unit="MB")


def main():
    chosen = options.parse()
    programs.choose(chosen.program)
    # Those that the selected rows need are there, or this fails now.
    for name, row in [("patron", None), ("bare-http", 0), ("bare-argon2", 7)]:
        if row is None or not chosen.only or row in chosen.only:
            programs.program(name)
    with tempfile.TemporaryDirectory(prefix="patron-bench-") as folder:
        if not chosen.only or 16 in chosen.only:
            idle.raise_open_files(chosen.idle + 2 * idle.ROOM)
        bench = Bench(chosen, Path(folder))
        bench.run()
    machine = {"cpu": cpu(), "cores": os.cpu_count(), "system": platform.platform(), "date": str(date.today())}
    report.write(chosen.out, {"machine": machine, "program": measured_program(chosen), "customers": chosen.customers, "seconds": chosen.seconds,
                              "rounds": chosen.rounds, "rows": bench.rows})


def measured_program(chosen):
    """The commit of the program, if it was built for this run."""
    if chosen.program:
        return str(chosen.program)
    git = lambda *arguments: subprocess.run(["git", "-C", options.ROOT, *arguments], capture_output=True, text=True).stdout.strip()
    changes = " with local changes" if git("status", "--porcelain", "--untracked-files=no") else ""
    return f"commit {git('rev-parse', '--short', 'HEAD') or 'unknown'}{changes}"


def cpu():
    match = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return match[1] if match else platform.processor()


if __name__ == "__main__":
    main()
