"""What patron sends to: a receiver of webhooks and a mail server, which accept everything and count it."""

import json
import socketserver
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from process import HOST


class Receivers:
    def __init__(self):
        self.lock = threading.Lock()
        # Deliveries by customer, number of its event and kind; mails by recipient.
        self.events, self.recipients = Counter(), Counter()
        self.servers = [_Webhooks((HOST, 0), _Delivery), _Mails((HOST, 0), _Mail)]
        for server in self.servers:
            server.receivers = self
            threading.Thread(target=server.serve_forever, daemon=True).start()
        webhooks, mails = (server.server_address[1] for server in self.servers)
        self.webhook_url, self.smtp_url = f"http://{HOST}:{webhooks}/", f"smtp://{HOST}:{mails}"

    def deliver(self, body):
        event = json.loads(body)
        with self.lock:
            self.events[event["customer"], event["sequence"], event["type"]] += 1

    def mail(self, recipient):
        with self.lock:
            self.recipients[recipient] += 1

    def stop(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()


class _Webhooks(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class _Delivery(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.server.receivers.deliver(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class _Mails(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 128


class _Mail(socketserver.StreamRequestHandler):
    """A session of SMTP (RFC 5321)."""

    def answer(self, text):
        self.wfile.write(f"{text}\r\n".encode())

    def handle(self):
        self.answer("220 localhost")
        recipient = ""
        while line := self.rfile.readline():
            command = line.decode(errors="replace").strip()
            verb = command[:4].upper()
            if verb == "EHLO":
                self.answer("250-localhost\r\n250-8BITMIME\r\n250 SMTPUTF8")
            elif verb == "RCPT":
                recipient = command.partition("<")[2].partition(">")[0]
                self.answer("250 OK")
            elif verb == "DATA":
                self.answer("354 end with a dot")
                self.skip_text()
                self.server.receivers.mail(recipient)
                self.answer("250 OK")
            elif verb == "QUIT":
                self.answer("221 bye")
                return
            else:
                self.answer("250 OK")

    def skip_text(self):
        while (line := self.rfile.readline()) and line.rstrip(b"\r\n") != b".":
            pass
