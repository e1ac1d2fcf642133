"""Clients of both patrons, and probes: every acknowledged change is recorded, with the time of its response."""

import http.client
import json
import subprocess
import threading
import time
import uuid
from collections import Counter

from process import HOST, Failure, environment

# Seconds between two requests of one writer, between two probes by psql, and between two probes of readiness.
WRITE_PAUSE, PROBE_PAUSE, READY_PAUSE = 0.15, 0.2, 0.5
# Changes of one customer before the writer registers the next one.
CHANGES = 20
# Seconds that a client waits for a response, and that an unacknowledged request is repeated after the last fault.
CLIENT_LIMIT, LAST_LIMIT = 60, 60
# Seconds after which a probe by psql has failed.
PROBE_LIMIT = 5
NO_RESPONSE = (OSError, http.client.HTTPException, ValueError)
# Unexpected responses after which the writers stop.
MAX_FAILURES = 50


class Series:
    """The times of successes, and what else one target responded."""

    def __init__(self, name):
        self.name, self.lock = name, threading.Lock()
        self.successes, self.statuses, self.durations = [], Counter(), []

    def add(self, status, is_success, started):
        now = time.monotonic()
        with self.lock:
            self.statuses[status] += 1
            self.durations.append((now, now - started))
            if is_success:
                self.successes.append(now)

    def outage(self, start, end):
        """The longest time without a success that overlaps a period, in seconds."""
        times = sorted(self.successes)
        pairs = zip(times, times[1:])
        return max((after - before for before, after in pairs if after > start and before < end), default=end - start)

    def longest(self, start=0.0, end=float("inf")):
        """The longest response that ended in a period, in seconds."""
        return max((duration for at, duration in self.durations if start <= at <= end), default=0.0)


class Customer:
    """What was acknowledged about a customer."""

    def __init__(self, identifier, email):
        self.uuid, self.email, self.changes = identifier, email, 0


class Load:
    def __init__(self, patrons, token, writers, psql):
        self.token, self.over, self.end = token, threading.Event(), float("inf")
        self.failures, self.customers = [], []
        self.writes = [Series(patron.name) for patron in patrons]
        self.readiness = [Series(patron.name) for patron in patrons]
        self.proxy = Series("proxy")
        self.threads = [threading.Thread(target=self.probe, args=(psql,), daemon=True)]
        for patron, series, ready in zip(patrons, self.writes, self.readiness):
            self.threads += [threading.Thread(target=self.check_readiness, args=(patron.port, ready), daemon=True)]
            self.threads += [Writer(self, patron.port, series, f"{patron.name}{number}") for number in range(writers)]
        for thread in self.threads:
            thread.start()

    def fail(self, text):
        self.failures.append(text)
        if len(self.failures) > MAX_FAILURES:
            self.over.set()

    def is_accepted(self):
        """Whether the proxy and both instances have accepted a write in the last second, or the load has failed."""
        since = time.monotonic() - 1
        return self.over.is_set() or all(series.successes and series.successes[-1] > since for series in (self.proxy, *self.writes))

    def stop(self):
        """Ends the load at once."""
        self.end = 0
        self.over.set()

    def finish(self):
        """Ends the load. Requests that are not acknowledged yet are repeated until they are."""
        self.end = time.monotonic() + LAST_LIMIT
        self.over.set()
        for thread in self.threads:
            thread.join(LAST_LIMIT + CLIENT_LIMIT)

    def check_readiness(self, port, series):
        while not self.over.is_set():
            started = time.monotonic()
            try:
                status, _ = exchange(connect(port), "GET", "/health/ready")
            except NO_RESPONSE as error:
                status = repr(error)
            if status not in (200, 503):
                self.fail(f"{series.name}: GET /health/ready: {status}")
            series.add(status, status == 200, started)
            self.over.wait(READY_PAUSE)

    def probe(self, command):
        """Inserts rows by psql, each on a new connection through the proxy, whose outage they show. Hanging ones delay no other."""
        while not self.over.is_set():
            threading.Thread(target=self.insert, args=(command,), daemon=True).start()
            self.over.wait(PROBE_PAUSE)

    def insert(self, command):
        started, env, nothing = time.monotonic(), environment(PGCONNECT_TIMEOUT=str(PROBE_LIMIT)), subprocess.DEVNULL
        with subprocess.Popen(command, env=env, stdin=nothing, stdout=nothing, stderr=nothing) as psql:
            try:
                code = psql.wait(PROBE_LIMIT)
            except subprocess.TimeoutExpired:
                psql.kill()
                code = "timeout"
        self.proxy.add(code, code == 0, started)


def connect(port):
    return http.client.HTTPConnection(HOST, port, timeout=CLIENT_LIMIT)


def exchange(connection, method, path, body=None, headers=None):
    """Status and JSON of a response."""
    data = None if body is None else json.dumps(body)
    connection.request(method, path, data, {"Content-Type": "application/json", **(headers or {})})
    response = connection.getresponse()
    text = response.read()
    return response.status, json.loads(text) if text else None


class Writer(threading.Thread):
    """Registers a customer, changes it some times, and begins again. Repeats a request, with its key, until it is acknowledged."""

    def __init__(self, load, port, series, name):
        super().__init__(daemon=True)
        self.load, self.port, self.series, self.label = load, port, series, name
        self.connection = connect(port)

    def run(self):
        try:
            number = 0
            while not self.load.over.is_set():
                customer, number = self.register(number), number + 1
                while customer.changes < CHANGES and not self.load.over.is_set():
                    name = {"full_name": f"Name {customer.changes + 1}"}
                    self.acknowledge("PATCH", f"/api/customers/{customer.uuid}", name, 200, self.load.token)
                    customer.changes += 1
        except Failure as failure:
            self.load.fail(str(failure))

    def register(self, number):
        email = f"{self.label}-{number}@example.com"
        body = {"full_name": "Name 0", "email": email, "password": "correct horse battery"}
        row = self.acknowledge("POST", "/api/customers", body, 201)
        customer = Customer(row["data"]["uuid"], email)
        self.load.customers.append(customer)
        return customer

    def acknowledge(self, method, path, body, expected, token=None):
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        while True:
            started = time.monotonic()
            try:
                status, response = exchange(self.connection, method, path, body, headers)
            except NO_RESPONSE as error:
                status, response = repr(error), None
                self.connection.close()
                self.connection = connect(self.port)
            self.series.add(status, status == expected, started)
            if status == expected:
                time.sleep(WRITE_PAUSE)
                return response
            if status != 503 and not is_running(status, response):
                self.load.fail(f"{self.series.name}: {method} {path}: {status} {response}")
            if time.monotonic() > self.load.end or len(self.load.failures) > MAX_FAILURES:
                raise Failure(f"{self.series.name}: {method} {path}: still {status} at the end")
            # Without waiting for Retry-After, so that the end of the outage is seen.
            time.sleep(WRITE_PAUSE)


def is_running(status, response):
    """Whether an earlier attempt of the same request still waits for the database, on a server that was left."""
    error = (response or {}).get("error", {})
    return status == 409 and error.get("code") == "conflict" and "Idempotency-Key" in error.get("message", "")
