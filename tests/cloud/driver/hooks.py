"""A web server of others. SNS calls it: it confirms subscriptions, takes events, and fails at what is to be dead. It
also is an issuer of tokens, which shows its keys.

Both are called by HTTPS only; the emulators trust the certificate.
"""

import json
import ssl
import threading
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tokens import Issuer

# What projects say, in whose place the address of the server is put.
ADDRESS = "https://hooks.example.com"


@dataclass(frozen=True)
class Call:
    """An event that a subscriber's address, `/Event/subscriber`, was called with."""

    place: str
    id: str
    data: dict


class Hooks:
    """The web server, at `url`, and what it was called with."""

    def __init__(self, url, case):
        self.url = url
        self.calls = []
        self.issuer = Issuer(url)
        self._case = case

    def answer(self, place, message):
        """Takes a message of SNS; the status to answer it with."""
        if message["Type"] == "SubscriptionConfirmation":
            with urllib.request.urlopen(message["SubscribeURL"], timeout=10):
                return 200
        envelope = json.loads(message["Message"])
        self.calls.append(Call(place, envelope["id"], envelope["data"]))
        return 500 if self._case.is_dead(place, envelope["data"]) else 200


@contextmanager
def serving(case, certificate):
    """Serves on a free port, with the block."""

    class Door(BaseHTTPRequestHandler):
        """Hands messages on."""

        def do_GET(self):
            document = self.server.hooks.issuer.document(self.path)
            body = json.dumps(document).encode()
            self.send_response(200 if document else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            place = ".".join(self.path.strip("/").split("/"))
            self.send_response(self.server.hooks.answer(place, json.loads(body)))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.hooks = Hooks(f"https://localhost:{server.server_port}", case)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.hooks
    finally:
        server.shutdown()
