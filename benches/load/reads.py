"""Rows 0 to 3: reads, at several numbers of connections."""

import random

from floor import Floor

MEASURED = 64  # connections for which the goals are


def run(bench, server, drive, alone):
    for connections in bench.options.connections:
        if bench.is_selected(0):
            floor(bench, server, drive, alone, connections)
        for row, what, script, reference in [
                (1, "customer(id), random uuid", "customer.lua", "customer.sql"),
                (2, "currentCustomer, 1 000 tokens", "current.lua", "customer.sql"),
                (3, "page of 20 with group and addresses", "page.lua", "page.sql")]:
            if bench.is_selected(row):
                goal = str(row) if connections == MEASURED else None
                bench.compare(row, what, goal, lambda: drive(script, connections), lambda: alone(reference, connections), connections)


def floor(bench, server, drive, alone, connections):
    """The same bytes without GraphQL and database, against the same reference as row 1."""
    identifier = random.choice((bench.folder / "uuids").read_text().split())
    with Floor(server, bench.folder, identifier) as bare:
        ours = lambda: drive("customer.lua", connections, base=bare.url)
        ours()  # Warms up.
        bench.compare(0, "floor: bytes of row 1, no GraphQL, no database", None, ours, lambda: alone("customer.sql", connections), connections)
