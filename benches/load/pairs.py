"""Drives builds of patron in turn, each on its own database with the same customers. Started by benches/pairs."""

import argparse
import contextlib
import os
import statistics
import tempfile
from pathlib import Path

import data
from drive import PAGE, wrk
from logins import new_families
from server import Server

ROWS = {
    1: ("customer(id), random uuid", "customer.lua", "/api/graphql"),
    2: ("currentCustomer, 1 000 tokens", "current.lua", "/api/graphql"),
    3: ("page of 20 with group and addresses", "page.lua", "/api/graphql"),
    6: ("PATCH of a name", "patch.lua", "/api/customers/"),
    8: ("refresh with rotation", "refresh.lua", "/api/customer/token/refresh"),
}
SAMPLE = 20_000  # uuids and cursors that are requested at random
TOKENS = 1_000  # customers that are logged in


def load(name, binary, folder, customers):
    """Creates a database with customers, migrated by this build."""
    url = data.new_database(os.environ["PATRON_TEST_POSTGRES_URL"], name)
    with Server(folder, binary=binary, DATABASE_URL=url) as server:
        data.load_postgres(url, server, customers)
    return url


def rates(sides, script, path, options):
    """Requests per second of all builds, round by round. Every second round goes in the opposite order."""

    def drive(server, folder, url):
        env = {}
        if script == "refresh.lua":
            # Each token can be used once: every run begins with new ones. The script checks every response itself.
            new_families(server, folder, url)
            env = {"check": 1}
        return wrk(server.url + path, script, options.seconds, options.connections, token=server.token, folder=folder, page=PAGE, **env)[0]

    for side in sides:  # Warm up all builds.
        drive(*side)
    results = []
    for number in range(options.pairs):
        if number % 2 == 0:
            results.append([drive(*side) for side in sides])
        else:
            results.append([drive(*side) for side in sides[::-1]][::-1])
    return results


def report(results, names):
    """Each build beside the one before it; of more than two also the last beside the first."""
    steps = list(zip(range(len(names)), range(1, len(names))))
    for before, after in steps + ([(0, len(names) - 1)] if len(names) > 2 else []):
        ratios = [in_round[after] / in_round[before] for in_round in results]
        listed = ", ".join(f"{ratio:.3f}" for ratio in ratios)
        last = results[-1]
        print(f"      {names[before]} -> {names[after]}: {statistics.median(ratios):.3f} "
              f"(pairs {listed}; last {last[before]:,.0f}/s and {last[after]:,.0f}/s)", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="benches/pairs")
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path, nargs="+")
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--only", type=lambda text: [int(row) for row in text.split(",")], default=list(ROWS))
    options = parser.parse_args()
    data.make_durable(os.environ["PATRON_TEST_POSTGRES_URL"])
    builds = [options.before, *options.after]
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as running:
        sides = []
        for number, binary in enumerate(builds):
            name, folder = f"build{number}", Path(scratch) / str(number)
            running.callback(data.drop_database, os.environ["PATRON_TEST_POSTGRES_URL"], name)
            url = load(name, binary.resolve(), folder, options.customers)
            server = running.enter_context(Server(folder, binary=binary.resolve(), DATABASE_URL=url))
            data.samples(url, server, folder, SAMPLE, TOKENS, PAGE)
            sides.append((server, folder, url))
        for row in options.only:
            what, script, path = ROWS[row]
            print(f"  {row:>2}  {what}", flush=True)
            report(rates(sides, script, path, options), [build.name for build in builds])


main()
