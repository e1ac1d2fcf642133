"""Two instances of patron on the database behind the proxy."""

import secrets

from load import NO_RESPONSE, connect, exchange
from process import HOST, Failure, free_port, stop, wait_until

ADMIN = {"email": "admin@example.com", "password": "staple battery horse"}
SECRETS = (
    "JWT_ADMIN_SECRET", "JWT_ADMIN_REFRESH_SECRET", "JWT_CUSTOMER_SECRET", "JWT_CUSTOMER_REFRESH_SECRET", "PATRON_SEALING_SECRET",
)


class Patron:
    def __init__(self, name, folder, owner, settings):
        self.name, self.folder, self.owner, self.port = name, folder, owner, free_port()
        self.log = folder / f"patron-{name}.log"
        data = owner.folder(folder / f"patron-{name}")
        self.env = {"PATRON_LISTEN": f"{HOST}:{self.port}", "PATRON_DATA_DIR": str(data), **settings}

    def start(self, program, *options):
        self.process = self.owner.start([program, "serve", *options], self.folder, self.log, **self.env)
        wait_until(f"patron {self.name} is ready; its log is {self.log}", 60, self.is_ready)

    def is_ready(self):
        if self.process.poll() is not None:
            raise Failure(f"patron {self.name} ended: {self.log.read_text()}")
        try:
            return exchange(connect(self.port), "GET", "/health/ready")[0] == 200
        except NO_RESPONSE:
            return False

    def send(self, path, body, headers=None):
        status, response = exchange(connect(self.port), "POST", path, body, headers)
        if status not in (200, 201):
            raise Failure(f"POST {path}: {status} {response}")
        return response["data"]

    def stop(self):
        stop(self.process)


def start_patrons(program, cluster, receivers, wait):
    """Starts two instances. Returns them, and the token of an admin who has created a webhook endpoint."""
    for sql in ("CREATE ROLE patron LOGIN", "CREATE DATABASE patron OWNER patron", "CREATE DATABASE probe"):
        cluster.execute("postgres", sql)
    cluster.execute("probe", "CREATE TABLE probe (id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())")
    settings = {name: secrets.token_hex(32) for name in SECRETS}
    settings |= {
        "DATABASE_URL": f"postgres://patron@{HOST}:{cluster.port}/patron?sslmode=disable", "PATRON_DATABASE_WAIT": str(wait),
        "PATRON_ADMIN_EMAIL": ADMIN["email"], "PATRON_ADMIN_PASSWORD": ADMIN["password"], "PATRON_RATE_LIMITS": "off",
        "PATRON_LOG": "warn", "PATRON_MAIL_FROM": "shop@example.com", "PATRON_SMTP_URL": receivers.smtp_url,
        "PATRON_WEBHOOK_NETWORKS": "127.0.0.0/8",
        # Longer than any run, since the token is issued before it.
        "JWT_ADMIN_TOKEN_EXPIRY": "86400",
    }
    patrons = [Patron(name, cluster.folder, cluster.owner, settings) for name in ("a", "b")]
    patrons[0].start(program, "--migrate")
    patrons[1].start(program)
    token = patrons[0].send("/api/user/tokens", ADMIN)["accessToken"]
    endpoint = {"url": receivers.webhook_url, "events": ["customer.*"]}
    patrons[0].send("/api/webhook-endpoints", endpoint, {"Authorization": f"Bearer {token}"})
    return patrons, token
