"""import-objects.sh and set-kibana-password.sh: what they send, and when they fail.

Neither Kibana, nor OpenSearch Dashboards, nor Elasticsearch with security runs here. A program
stands in for them that answers as their documentation says, so that this shows the scripts' side.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pages import ROOT

SCRIPTS = ROOT / "docker" / "scripts"
NOT_READY = (503, "Kibana server is not ready yet")
IMPORTED = (200, json.dumps({"successCount": 1, "success": True}))
IN_PART = (200, json.dumps({"successCount": 0, "success": False, "errors": [{"type": "search"}]}))
UNKNOWN_USER = (401, json.dumps({"statusCode": 401, "error": "Unauthorized"}))

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@dataclass
class Answering:
    """A server that gives these answers in turn, and the last one for ever."""

    answers: list[tuple[int, str]]
    url: str = ""
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def answering(*answers: tuple[int, str]) -> Iterator[Answering]:
    told = Answering(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            told.asked.append((self.path, headers, body))
            status, text = told.answers.pop(0) if len(told.answers) > 1 else told.answers[0]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Not to stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        told.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()


def run(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(SCRIPTS / script)],
        env={"PATH": os.environ["PATH"], "no_proxy": "*", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def imported(url: str, objects: Path, tries: int = 5) -> subprocess.CompletedProcess[str]:
    return run(
        "import-objects.sh",
        DASHBOARDS=url,
        USERNAME="elastic",
        PASSWORD="a secret",
        OBJECTS=str(objects),
        TRIES=str(tries),
        WAIT="1",
    )


@pytest.mark.parametrize("product", ["kibana", "dashboards"])
def test_every_file_is_imported_once_the_product_is_ready(product: str) -> None:
    objects = ROOT / "mappings" / product
    with answering(NOT_READY, NOT_READY, IMPORTED) as told:
        done = imported(told.url, objects)
    assert done.returncode == 0, done.stderr
    files = sorted(objects.glob("*.ndjson"))
    assert len(told.asked) == len(files) + 2
    for file, (path, headers, body) in zip(files, told.asked[2:], strict=True):
        assert path == "/api/saved_objects/_import?overwrite=true"
        assert headers["kbn-xsrf"] == headers["osd-xsrf"] == "true"
        assert headers["securitytenant"] == "global"
        assert base64.b64decode(headers["authorization"].split()[1]) == b"elastic:a secret"
        assert headers["content-type"].startswith("multipart/form-data; boundary=")
        assert f'name="file"; filename="{file.name}"'.encode() in body
        assert file.read_bytes() in body


@pytest.mark.parametrize("answer", [IN_PART, UNKNOWN_USER, NOT_READY])
def test_what_is_not_imported_wholly_is_a_failure(answer: tuple[int, str], tmp_path: Path) -> None:
    (tmp_path / "one.ndjson").write_text("{}\n", encoding="utf-8")
    (tmp_path / "two.ndjson").write_text("{}\n", encoding="utf-8")
    with answering(answer) as told:
        done = imported(told.url, tmp_path, tries=1)
    assert done.returncode == 1
    assert "one.ndjson" in done.stderr
    assert answer[1] in done.stderr
    assert "a secret" not in done.stdout + done.stderr
    assert all(b"one.ndjson" in body for _, _, body in told.asked)


def test_kibanas_user_is_given_its_password() -> None:
    with answering((200, "{}")) as told:
        done = run(
            "set-kibana-password.sh",
            SERVER=told.url,
            ELASTIC_PASSWORD="a secret",
            KIBANA_PASSWORD="another1",
        )
    assert done.returncode == 0, done.stderr
    ((path, headers, body),) = told.asked
    assert path == "/_security/user/kibana_system/_password"
    assert headers["content-type"] == "application/json"
    assert base64.b64decode(headers["authorization"].split()[1]) == b"elastic:a secret"
    assert json.loads(body) == {"password": "another1"}


def test_a_password_that_is_refused_is_a_failure() -> None:
    with answering(UNKNOWN_USER) as told:
        done = run(
            "set-kibana-password.sh", SERVER=told.url, ELASTIC_PASSWORD="x", KIBANA_PASSWORD="y"
        )
    assert done.returncode != 0
    assert "Unauthorized" in done.stdout
