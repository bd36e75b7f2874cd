"""The load generator counts its responses, and the table contains every contestant."""

import itertools
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks import load, throughput


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("X-Cache", "MISS" if "miss" in self.path else "HIT")
        self.send_header("Content-Length", "5000")
        self.end_headers()
        self.wfile.write(b"x" * 5000)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def port():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_every_request_is_measured_and_wrong_answers_are_counted(port):
    paths = itertools.cycle(["/", "/", "/", "/miss"])
    result = load.run(port, paths, requests=40, connections=3, expected=(200, "HIT"))
    assert len(result.latencies) == 40
    assert result.unexpected == 10
    assert 0 < result.percentile(0.5) <= result.percentile(0.99) <= result.elapsed


def test_the_table_compares_medians_with_the_source(capsys):
    base = "Source's design, detail, HIT"
    rows = {
        base: [(100.0, 1, 2, 3, 0.5, 0.1)] * 3,
        "Bare Django view": [(200.0, 1, 2, 3, 0.5, 0.1)] * 3,
        "Ours": [(n, 1, 2, 3, 0.5, 0.1) for n in (1.0, 300.0, 900.0)],
    }
    throughput.report(rows)
    ours = capsys.readouterr().out.splitlines()[-1].split()
    assert ours[:4] == ["Ours", "300", "3.00", "1.50"]
