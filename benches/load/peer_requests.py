"""The requests of benches/peers in the schema of each server, and the customers that a response must have."""

import hashlib
import json
import uuid
from datetime import datetime, timedelta

import data

PAGE_SIZE = 20


class Patron:
    """patron's schema."""

    name = "patron"
    customer = "query ($id: String!) { customer(id: $id) { uuid email fullName status createdAt updatedAt } }"
    page = """query ($after: String) { customersConnection(first: 20, after: $after) { nodes {
      uuid email fullName status createdAt group { groupName }
      addresses { fullName address1 city postcode telephone country { code } } } } }"""
    cursor = "query ($at: DateTime!) { customersConnection(first: 1, filter: {createdAt: {gteq: $at}}) { edges { cursor } } }"

    @staticmethod
    def cursor_variables(number):
        return {"at": instant(number).strftime("%Y-%m-%dT%H:%M:%S.000Z")}


class Mercurius(Patron):
    """The server that is written by hand has patron's schema."""

    name = "Mercurius"


class PostGraphile:
    """The schema that PostGraphile derives from the tables. A page has patron's order, the primary key, newest first."""

    name = "PostGraphile"
    customer = "query ($id: UUID!) { customer: customerByUuid(uuid: $id) { uuid email fullName status createdAt updatedAt } }"
    page = """query ($after: Cursor) { customersConnection: allCustomers(first: 20, after: $after, orderBy: PRIMARY_KEY_DESC) { nodes {
      uuid email fullName status createdAt group: customerGroupByGroupId { groupName }
      addresses: customerAddressesByCustomerIdList { fullName address1 city postcode telephone country } } } }"""
    cursor = """query ($id: UUID!) {
      customersConnection: allCustomers(first: 1, condition: {uuid: $id}, orderBy: PRIMARY_KEY_DESC) { edges { cursor } } }"""

    @staticmethod
    def cursor_variables(number):
        return {"id": identifier(number)}


def identifier(number):
    return str(uuid.UUID(bytes=hashlib.md5(str(number).encode()).digest()))


def instant(number):
    return data.START - timedelta(seconds=number)


def write_requests(server, customers, positions):
    """Writes the files `customer` and `page` with the bodies for wrk; returns the cursors of the positions."""
    cursors = []
    for number in positions:
        found = server.query(server.dialect.cursor, server.dialect.cursor_variables(number))
        cursors.append(found["customersConnection"]["edges"][0]["cursor"])
    body = lambda text, variables: json.dumps({"query": " ".join(text.split()), "variables": variables})
    data.write_lines(server.folder / "customer", (body(server.dialect.customer, {"id": identifier(number)}) for number in customers))
    data.write_lines(server.folder / "page", (body(server.dialect.page, {"after": cursor}) for cursor in cursors))
    return cursors


def verify(server, customers, positions, cursors, group):
    """Compares what the server returns with what was loaded into the database."""
    for number in customers:
        compare(server, number, expected(number), server.query(server.dialect.customer, {"id": identifier(number)})["customer"])
    for position, cursor in zip(positions, cursors):
        nodes = server.query(server.dialect.page, {"after": cursor})["customersConnection"]["nodes"]
        if len(nodes) != PAGE_SIZE:
            raise SystemExit(f"{server.name}: the page after customer {position} has {len(nodes)} customers instead of {PAGE_SIZE}")
        # A later number is an older timestamp, but a newer row.
        for number, node in zip(range(position - 1, 0, -1), nodes):
            compare(server, number, expected(number, group), node)


def compare(server, number, wanted, node):
    if wanted != plain(node):
        raise SystemExit(f"{server.name}: customer {number} is {plain(node)} instead of {wanted}")


def expected(number, group=None):
    """A customer of data.py; with the name of its group as a page has it."""
    row = data.row(number, None)
    customer = {"uuid": identifier(number), "email": row[3], "fullName": row[6], "status": 1, "createdAt": instant(number)}
    if group is None:
        return customer | {"updatedAt": instant(number)}
    telephone, line, city, postcode = data.address(number)
    address = {"fullName": row[6], "address1": line, "city": city, "postcode": postcode, "telephone": telephone, "country": "US"}
    return customer | {"group": {"groupName": group}, "addresses": [address]}


def plain(node):
    """A customer of a response, with instants for timestamps and the code for a country."""
    times = {key: datetime.fromisoformat(node[key]) for key in ("createdAt", "updatedAt") if key in (node or {})}
    customer = (node or {}) | times
    for address in customer.get("addresses", []):
        if isinstance(address["country"], dict):
            address["country"] = address["country"]["code"]
    return customer
