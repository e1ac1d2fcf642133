"""Drives two builds of patron in turn, each on its own database with the same customers. Started by benches/pairs."""

import argparse
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
CONNECTIONS = 64
SAMPLE = 20_000  # uuids and cursors that are requested at random
TOKENS = 1_000  # customers that are logged in


def load(name, binary, folder, customers):
    """Creates a database with customers, migrated by this build."""
    url = data.new_database(os.environ["PATRON_TEST_POSTGRES_URL"], name)
    with Server(folder, binary=binary, DATABASE_URL=url) as server:
        data.load_postgres(url, server, customers)
    return url


def rates(sides, script, path, pairs, seconds):
    """Requests per second of both builds, pair by pair. The build that runs first alternates."""

    def drive(server, folder, url):
        env = {}
        if script == "refresh.lua":
            # Each token can be used once: every run begins with new ones. The script checks every response itself.
            new_families(server, folder, url)
            env = {"check": 1}
        return wrk(server.url + path, script, seconds, CONNECTIONS, token=server.token, folder=folder, page=PAGE, **env)[0]

    for side in sides:  # Warm up both builds.
        drive(*side)
    results = []
    for number in range(pairs):
        before, after = sides if number % 2 == 0 else sides[::-1]
        pair = [drive(*before), drive(*after)]
        results.append(pair if number % 2 == 0 else pair[::-1])
    return results


def main():
    parser = argparse.ArgumentParser(prog="benches/pairs")
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--only", type=lambda text: [int(row) for row in text.split(",")], default=list(ROWS))
    options = parser.parse_args()
    data.make_durable(os.environ["PATRON_TEST_POSTGRES_URL"])
    with tempfile.TemporaryDirectory() as scratch:
        sides = []
        for name, binary in [("before", options.before), ("after", options.after)]:
            folder = Path(scratch) / name
            url = load(name, binary.resolve(), folder, options.customers)
            sides.append((name, binary.resolve(), folder, url))
        servers = [Server(folder, binary=binary, DATABASE_URL=url) for _, binary, folder, url in sides]
        with servers[0], servers[1]:
            running = []
            for server, (_, _, folder, url) in zip(servers, sides):
                data.samples(url, server, folder, SAMPLE, TOKENS, PAGE)
                running.append((server, folder, url))
            for row in options.only:
                what, script, path = ROWS[row]
                results = rates(running, script, path, options.pairs, options.seconds)
                ratio = statistics.median(after / before for before, after in results)
                ratios = ", ".join(f"{after / before:.3f}" for before, after in results)
                print(f"  {row:>2}  {what}: {ratio:.3f} (pairs {ratios}; last {results[-1][0]:,.0f}/s and {results[-1][1]:,.0f}/s)", flush=True)
        for name, *_ in sides:
            data.drop_database(os.environ["PATRON_TEST_POSTGRES_URL"], name)


main()
