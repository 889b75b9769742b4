"""A server of known law behind OpenAI's transcriptions: `law_server.py SERVERS MEAN SEED [QUEUES]`.

SEED is `none` for constant service. It is one queue, first come first served, before so many servers; service takes
MEAN seconds on average, exponential or constant. With QUEUES there are so many of them, and each request comes to one
at random: what a Poisson process is split into at random are Poisson processes, so that each queue follows the law. It
prints its port. Each answer ends at a time that follows from the law alone, so that a thread that wakes late makes its
own answer late and no other.
"""

import heapq
import json
import random
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

servers, mean = int(sys.argv[1]), float(sys.argv[2])
source = None if sys.argv[3] == "none" else random.Random(int(sys.argv[3]))
draw = random.Random(f"queue {sys.argv[3]}")
queues = [[0.0] * servers for _ in range(int(sys.argv[4]) if len(sys.argv) > 4 else 1)]
lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        came = time.perf_counter()
        with lock:
            service = mean if source is None else source.expovariate(1 / mean)
            free = draw.choice(queues)
            end = max(came, heapq.heappop(free)) + service
            heapq.heappush(free, end)
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(max(0.0, end - time.perf_counter()))
        self.answer({"text": "said"})

    def do_GET(self) -> None:
        self.answer({"object": "list", "data": [{"id": "law", "object": "model"}]})

    def answer(self, found: object) -> None:
        body = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512


with Server(("127.0.0.1", 0), Handler) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
