"""Compares what was acknowledged with the database, the webhooks and the mails."""

from collections import Counter

from process import Failure, wait_until

# Seconds until everything is sent: longer than the claim of a mail (5 minutes), after which another worker sends it.
SENT_LIMIT = 420
PENDING = """SELECT (SELECT count(*) FROM mail WHERE status = 'pending')
  + (SELECT count(*) FROM webhook_delivery WHERE status = 'pending')
  + (SELECT count(*) FROM journal_entry WHERE position IS NULL)"""
CUSTOMERS = "SELECT uuid, email, full_name FROM customer"
CHANGES = "SELECT customer_uuid, count(*) FROM journal_entry WHERE kind = 'customer.updated' GROUP BY 1"


class Checks:
    """Results, each with its name, whether it passed, and a detail."""

    def __init__(self):
        self.results = []

    def add(self, name, failures, detail=""):
        """Passes without failures."""
        failures = [str(failure) for failure in failures]
        examples = "; ".join(failures[:3])
        self.results.append((name, not failures, f"{len(failures)}, such as: {examples}" if failures else detail))

    def has_passed(self):
        return all(passed for _, passed, _ in self.results)

    def print(self):
        for name, passed, detail in self.results:
            print(f"{'pass' if passed else 'FAIL'}  {name}{f': {detail}' if detail else ''}", flush=True)


def wait_until_sent(cluster, checks):
    """Waits until no mail and no delivery is pending."""
    def is_empty():
        rows = cluster.query("patron", PENDING)
        return rows is not None and rows == [["0"]]

    try:
        wait_until("everything is sent", SENT_LIMIT, is_empty, 1)
        checks.add("every mail and webhook is sent in the end", [])
    except Failure as failure:
        checks.add("every mail and webhook is sent in the end", [f"{failure}; pending: {cluster.query('patron', PENDING)}"])


def check_database(cluster, customers, checks):
    rows, changes = cluster.query("patron", CUSTOMERS), cluster.query("patron", CHANGES)
    if rows is None or changes is None:
        raise Failure("the database can't be read at the end")
    names = {uuid: name for uuid, _, name in rows}
    counts = {uuid: int(count) for uuid, count in changes}
    acknowledged = {customer.uuid: customer for customer in customers}
    lost = [f"the registration of {customer.email}" for uuid, customer in acknowledged.items() if uuid not in names]
    twice = [f"the registration of {email}" for uuid, email, _ in rows if uuid not in acknowledged]
    for uuid, customer in acknowledged.items():
        if uuid not in names:
            continue
        count, name = counts.get(uuid, 0), f"Name {customer.changes}"
        text = f"{customer.email}: {customer.changes} changes acknowledged, {count} made, the last is {names[uuid]}"
        if count < customer.changes or names[uuid] != name:
            lost.append(text)
        elif count > customer.changes:
            twice.append(text)
    total = len(customers) + sum(customer.changes for customer in customers)
    checks.add("no acknowledged change is lost", lost, f"{total} acknowledged")
    checks.add("no change was made twice", twice, f"{total} acknowledged")


def check_receivers(receivers, customers, checks):
    with receivers.lock:
        events, recipients = Counter(receivers.events), Counter(receivers.recipients)
    expected, addresses = Counter(), Counter(customer.email for customer in customers)
    for customer in customers:
        expected[customer.uuid, 1, "customer.created"] += 1
        for number in range(customer.changes):
            expected[customer.uuid, number + 2, "customer.updated"] += 1
    for name, received, wanted in (("webhook", events, expected), ("mail", recipients, addresses)):
        # A second one, or one that no acknowledged change explains.
        checks.add(f"no {name} was sent twice", received - wanted, f"{received.total()} received")
        checks.add(f"no {name} is missing", wanted - received, f"{received.total()} received")


def check_responses(load, patrons, wait, checks):
    checks.add("no response but success, 503, and 409 while an earlier attempt waits", load.failures)
    checks.add("no instance was restarted or ended", [patron.name for patron in patrons if patron.process.poll() is not None])
    for what, series in (("request", load.writes), ("probe of readiness", load.readiness)):
        longest = max(each.longest() for each in series)
        late = [f"{longest:.1f} s"] if longest > wait + 1 else []
        checks.add(f"no {what} took longer than PATRON_DATABASE_WAIT and a second", late, f"{longest:.1f} s")
