"""Rows 14 and 21 to 23: searches, filters and orders of the console's list, and its numbers. One request at a time."""

import json
import random
import statistics

import data
from drive import wrk

LIST = """query ($filter: CustomerFilter, $sort: [CustomerSort!]) { customersConnection(first: 50, filter: $filter, sort: $sort) {
  nodes { customerId uuid fullName email status lastSignInAt updatedAt group { customerGroupId groupName } addressCount }
  pageInfo { hasNextPage endCursor } } }"""
TOTAL = "query ($filter: CustomerFilter) { customersConnection(first: 0, filter: $filter) { totalCount } }"
OVERVIEW = """{ overview { customers enabledCustomers registeredLastDay registeredLastWeek registeredPerDay { date count }
  mailsPending mailsFailed deliveriesPending deliveriesFailed admins adminsWithoutSecondFactor } }"""
VARIANTS = 50  # requests of one kind, with other values


def body(query, **variables):
    return json.dumps({"query": query, "variables": variables})


def pages(filter_of, numbers):
    """Requests of the first page, for the values of these customers."""
    return [body(LIST, filter=filter_of(number)) for number in numbers]


def address(**conditions):
    return {"address": {name: {"eq": value} for name, value in conditions.items()}}


def cases(customers):
    """The rows: number, what is measured, the key of its goal, bodies of the requests."""
    # In towns, and with a tier that few have.
    in_towns = [2 * random.randrange(customers // 2) + 1 for _ in range(VARIANTS)]
    with_tier = [100 * random.randrange(1, customers // 100 + 1) for _ in range(VARIANTS)]
    city, telephone, line, postcode = [lambda number, index=index: data.address(number)[index] for index in (2, 0, 1, 3)]
    keyword = lambda text_of: pages(lambda number: {"keyword": text_of(number)}, in_towns)
    last_days = {"gteq": data.timestamp(30 * 86400).replace("+00:00", "Z")}
    yield 14, "keyword, telephone number", "14", keyword(telephone)
    yield 14, "keyword, postcode", "14", keyword(postcode)
    yield 14, "keyword, city", "14", keyword(city)
    yield 14, "keyword, address line", "14", keyword(line)
    yield 21, "filter, city of half of the customers", "21", [body(LIST, filter=address(city="Austin"))]
    yield 21, "filter, city of few", "21", pages(lambda number: address(city=city(number)), in_towns)
    yield 21, "filter, country and province of all", "21", [body(LIST, filter=address(country="US", province="us-tx"))]
    yield 21, "filter, start of postcode", "21", pages(lambda number: {"address": {"postcode": {"startsWith": postcode(number)[:3]}}}, in_towns)
    yield 21, "filter, telephone number", "21", pages(lambda number: address(telephone=telephone(number)), in_towns)
    yield 21, "filter, custom field, value of nearly all", "21", [body(LIST, filter={"metafield": {"key": "tier", "eq": "silver"}})]
    yield 21, "filter, custom field, value of few", "21", pages(lambda number: {"metafield": {"key": "tier", "eq": data.tier(number)}}, with_tier)
    yield 21, "filter, last login within 30 days", "21", [body(LIST, filter={"lastSignInAt": last_days})]
    for direction in ["ASC", "DESC"]:
        yield 22, f"first page by last login, {direction}", "22", [body(LIST, sort=[{"field": "LAST_SIGN_IN_AT", "direction": direction}])]
    yield 23, "all numbers of the overview", "23 all", [body(OVERVIEW)]
    yield 23, "number of customers in a city of few", "23 few", [body(TOTAL, filter=address(city=city(number))) for number in in_towns]
    yield 23, "number of customers in the city of half", None, [body(TOTAL, filter=address(city="Austin"))]


def run(bench, server, database):
    for row, what, goal, bodies in cases(bench.customers):
        if not bench.is_selected(row):
            continue
        check(server, what, bodies[0])
        file = data.write_lines(bench.folder / "bodies", bodies)
        env = {"token": server.token, "folder": bench.folder, "bodies": what}
        rounds = [wrk(server.url + "/api/graphql", "query.lua", bench.seconds, 1, **env) for _ in range(bench.options.rounds)]
        rate, p99 = (statistics.median(values) for values in zip(*rounds))
        bench.add(row, f"{what}, {database}, p99", p99, f"{rate:,.0f}/s", goal=goal, unit="ms", connections=1)
        file.unlink()


def check(server, what, request):
    """A request that finds nothing would measure nothing."""
    response = server.post("/api/graphql", json.loads(request), server.token)
    found = response.get("data") or {}
    connection = found.get("customersConnection", found.get("overview", {}))
    if not (connection.get("nodes") or connection.get("totalCount") or connection.get("customers")):
        raise SystemExit(f"{what}: nothing is found: {response}")
