"""TLS: an authority that is named is trusted, any other is told at once and not tried again."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster_places import QUERY, Ask, Place
from servers.fault_proxy import FaultProxy, fault_proxy

from hybridsearch.errors import ConfigurationError, HybridSearchError, UnavailableError


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that only itself vouches for, and its key, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    made = subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-addext", "keyUsage=digitalSignature,keyCertSign", "-keyout", "-", "-out", "-"),
        ],
        capture_output=True,
        check=True,
    )
    path.write_bytes(made.stdout)
    return path


@pytest.fixture
def secure(filled: Place, certificate: Path) -> Iterator[FaultProxy]:
    """A proxy that speaks https."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with fault_proxy(filled.url, tls=context) as made:
        yield made


def target(place: Place, proxy: FaultProxy) -> str:
    return f"{place.product}+https:{proxy.url.removeprefix('https:')}/{place.name}"


def test_a_named_authority_is_trusted(
    filled: Place, secure: FaultProxy, asked: Ask, certificate: Path
) -> None:
    connection = {"ca_certs": str(certificate)}
    found = asked(target(filled, secure), "search", "word", vector=QUERY, connection=connection)
    assert len(found.hits) == 10


def test_it_may_be_named_in_the_environment(
    filled: Place,
    secure: FaultProxy,
    asked: Ask,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HYBRIDSEARCH_CA_CERTS", str(certificate))
    assert asked(target(filled, secure), "count") == 40


def test_certificates_may_count_for_nothing(filled: Place, secure: FaultProxy, asked: Ask) -> None:
    assert asked(target(filled, secure), "count", connection={"verify_certs": False}) == 40


def test_an_unknown_authority_is_told_and_not_tried_again(
    filled: Place, secure: FaultProxy, asked: Ask
) -> None:
    """Within a minute, were it tried again, the test would take that long."""
    with pytest.raises(UnavailableError, match=r"safely .*certificate.*ca_certs"):
        asked(target(filled, secure), "count", connection={"timeout": 60.0})


def test_a_server_that_speaks_http_only_is_told(
    filled: Place, proxy: FaultProxy, asked: Ask
) -> None:
    with pytest.raises(UnavailableError, match=r"look whether the server speaks https"):
        asked(target(filled, proxy).replace("http:", ""), "count", connection={"timeout": 5.0})


def test_a_file_that_is_not_there_is_told(filled: Place, secure: FaultProxy, asked: Ask) -> None:
    with pytest.raises(ConfigurationError, match=r"ca_certs.*nowhere\.pem"):
        asked(target(filled, secure), "count", connection={"ca_certs": "/nowhere.pem"})


def test_a_file_that_holds_no_certificate_is_told(
    filled: Place, secure: FaultProxy, asked: Ask, tmp_path: Path
) -> None:
    wrong = tmp_path / "notes.txt"
    wrong.write_text("no certificate")
    with pytest.raises(HybridSearchError, match=filled.name):
        asked(target(filled, secure), "count", connection={"ca_certs": str(wrong)})
