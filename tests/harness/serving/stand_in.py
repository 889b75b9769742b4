"""A server that stands in for a real one: `stand_in.py MODE PORT FOLDER`. FOLDER gets its process id, and its child's.

MODE is `good`, `dies` (says why and ends), `leaves` (ends at its fourth transcript), `silent` (never listens), `busy`
(503 until the third time), or `stubborn` (starts another process, and neither of them ends when it is asked to).
"""

import http.server
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

mode, port, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
(folder / "server.pid").write_text(str(os.getpid()))
print("a line of the log", flush=True)
if mode == "dies":
    print("no such model: \x1b[31mnothing\x1b[0m", flush=True)
    sys.exit(3)
if mode == "silent":
    time.sleep(600)
if mode == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    (folder / "child.pid").write_text(str(child.pid))
asked: list[str] = []


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        asked.append(self.path)
        self.send_response(503 if mode == "busy" and len(asked) < 3 else 200 if self.path == "/health" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        asked.append(self.path)
        if mode == "leaves" and asked.count(self.path) == 4:
            os._exit(7)
        body = b'{"text": "said"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
