"""A door before an emulator that throttles, or lets wait."""

import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

REFUSAL = b"""<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error>
<RequestId>0</RequestId></ErrorResponse>"""


@contextmanager
def throttling(url, refuse=0, pause=0):
    """Answers the first `refuse` calls of every CloudFormation action with `Throttling`, and any after `pause` seconds."""
    seen = Counter()

    class Door(BaseHTTPRequestHandler):
        """Hands a request on."""

        def handle_any(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            action = parse_qs(body.decode(errors="replace")).get("Action", [""])[0]
            seen[action] += 1
            time.sleep(pause)
            if action and action != "GetCallerIdentity" and seen[action] <= refuse:
                return self._answer(400, {"Content-Type": "text/xml"}, REFUSAL)
            return self._answer(*forward(url + self.path, self.command, dict(self.headers), body))

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any

        def _answer(self, status, headers, body):
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in ("transfer-encoding", "content-length", "connection", "date", "server"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_):
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def forward(url, method, headers, body):
    """Sends a request on; returns status, headers and body of the answer."""
    request = urllib.request.Request(url, data=body or None, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()
