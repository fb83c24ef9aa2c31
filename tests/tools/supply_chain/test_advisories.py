"""Advisories are asked for by name and version, page by page; a database that gives no answer is not a clean result."""

import json
import threading
from argparse import Namespace
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tools.supply_chain import advisories

LOCK = "good==1.0\nbad==2.0\nworse==3.0\n"
ADVISORIES = {"bad": ["GHSA-1"], "worse": ["GHSA-2", "GHSA-3"]}


class Database(HTTPServer):
    """A fake of OSV that returns one advisory a page."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.asked: list[Any] = []
        self.status, self.body = 200, ""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, queries: list[dict[str, Any]]) -> str:
        self.asked.append(queries)
        return self.body or json.dumps({"results": [_result(query) for query in queries]})


class Request(BaseHTTPRequestHandler):
    server: Database

    def do_POST(self) -> None:
        read = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = self.server.answer(read["queries"]).encode()
        self.send_response(self.server.status if self.path == "/v1/querybatch" else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


def _result(query: dict[str, Any]) -> dict[str, Any]:
    ids = ADVISORIES.get(query["package"]["name"], [])
    page = int(query.get("page_token", 0))
    vulnerabilities = [{"id": id, "modified": "2026-11-01T00:00:00Z"} for id in ids[page : page + 1]]
    more = {"next_page_token": str(page + 1)} if page + 1 < len(ids) else {}
    return ({"vulns": vulnerabilities} if vulnerabilities else {}) | more


@pytest.fixture
def database() -> Iterator[Database]:
    with Database() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def lock_file(tmp_path: Path) -> Path:
    file = tmp_path / "lock.txt"
    file.write_text(LOCK, encoding="utf-8")
    return file


def test_packages_with_advisories_are_listed(database: Database, lock_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert advisories.main(Namespace(files=[lock_file, lock_file], address=database.address)) == 1
    assert capsys.readouterr().out.splitlines() == [
        "bad 2.0: GHSA-1",
        "worse 3.0: GHSA-2, GHSA-3",
        "3 packages were checked; 2 have advisories.",
    ]
    assert database.asked[0][0] == {"package": {"name": "bad", "ecosystem": "PyPI"}, "version": "2.0"}
    assert [len(queries) for queries in database.asked] == [3, 1]


def test_without_advisories_the_result_is_clean(database: Database, lock_file: Path) -> None:
    lock_file.write_text("good==1.0\n", encoding="utf-8")
    assert advisories.main(Namespace(files=[lock_file], address=database.address)) == 0


def test_many_packages_are_asked_for_in_batches(database: Database, lock_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advisories, "BATCH", 2)
    assert advisories.main(Namespace(files=[lock_file], address=database.address)) == 1
    assert [len(queries) for queries in database.asked] == [2, 1, 1]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, ""),
        (429, ""),
        (200, "not JSON"),
        (200, "{}"),
        (200, '{"results": []}'),
        (200, "[]"),
        (200, '{"results": [1, 2, 3]}'),
    ],
)
def test_a_database_without_a_usable_answer_is_reported(
    status: int, body: str, database: Database, lock_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database.status, database.body = status, body
    assert advisories.main(Namespace(files=[lock_file], address=database.address)) == 2
    assert "Not checked" in capsys.readouterr().err


def test_a_database_that_is_not_reached_is_reported(lock_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert advisories.main(Namespace(files=[lock_file], address="http://127.0.0.1:9")) == 2
    assert "Not checked: http://127.0.0.1:9 gave no answer (ClientConnectorError)." in capsys.readouterr().err
