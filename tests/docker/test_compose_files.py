"""The compose files: versions, ports, passwords and paths; and what docker compose says of them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from pages import ROOT, blocks
from servers.recipes import RECIPES

DOCKER = ROOT / "docker"
PRODUCTS = ("elasticsearch", "opensearch")
VARIABLE = re.compile(r"\$\{(\w+)[}:]")


def text_of(product: str) -> str:
    return (DOCKER / product / "compose.yaml").read_text(encoding="utf-8")


def services_of(product: str) -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load(text_of(product))["services"]
    return services


def variables(product: str) -> dict[str, str]:
    """Names of .env.example, also those it only suggests, with what it gives them."""
    text = (DOCKER / product / ".env.example").read_text(encoding="utf-8")
    return dict(re.findall(r"^#?(\w+)=(.*)$", text, re.MULTILINE))


@pytest.mark.parametrize("product", PRODUCTS)
def test_servers_are_of_the_versions_that_the_tests_run(product: str) -> None:
    images = {service["image"] for service in services_of(product).values() if "image" in service}
    assert len(images) == 2
    assert {image.partition(":")[2] for image in images} == {RECIPES[product].version}


@pytest.mark.parametrize("product", PRODUCTS)
def test_nothing_is_reached_from_elsewhere(product: str) -> None:
    ports = [port for service in services_of(product).values() for port in service.get("ports", ())]
    assert len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize("product", PRODUCTS)
def test_passwords_come_from_the_environment(product: str) -> None:
    compose = yaml.safe_load(text_of(product))
    given = [
        value
        for part in (compose["x-environment"], *compose["services"].values())
        for name, value in part.get("environment", part).items()
        if name.endswith("PASSWORD")
    ]
    assert len(given) >= 4
    assert all(re.fullmatch(r"\$\{\w+(:\?[^}]*)?\}", value) for value in given)
    assert all(not value for name, value in variables(product).items() if "PASSWORD" in name)


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_example_has_every_variable(product: str) -> None:
    shared = (DOCKER / "hybridsearch.yaml").read_text(encoding="utf-8")
    assert set(VARIABLE.findall(text_of(product) + shared)) == set(variables(product))
    ignored = subprocess.run(
        ["git", "check-ignore", f"docker/{product}/.env"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert ignored.returncode in {0, 128}  # 128: not in a repository, as in a source archive


@pytest.mark.parametrize("product", PRODUCTS)
def test_what_is_mounted_and_run_is_there(product: str) -> None:
    folder = DOCKER / product
    for name, service in services_of(product).items():
        mounts = [each.split(":") for each in service.get("volumes", ())]
        places = {inside: folder / place for place, inside, *_ in mounts if place.startswith(".")}
        assert all(place.is_dir() for place in places.values()), name
        for word in service.get("entrypoint", ()):
            if word.startswith("/scripts/"):
                assert (places["/scripts"] / Path(word).name).is_file()
        if "/objects" in places:
            assert list(places["/objects"].glob("*.ndjson"))


def test_the_commands_of_the_page_name_services_and_files_that_are_there() -> None:
    seen = set()
    for block in blocks("docker/README.md", "sh"):
        for line in block.splitlines():
            words = shlex.split(line)
            if words[:3] == ["docker", "compose", "run"]:
                names = [word for word in words[3:] if not word.startswith(("-", "/"))]
                seen.add(next(name for name in names if ":" not in name))
            if "--file" in words:
                assert (ROOT / words[words.index("--file") + 1]).is_file()
    for product in PRODUCTS:
        assert seen <= set(services_of(product))
    assert seen == {"search", "hybridsearch"}


@pytest.fixture
def compose(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Docker's compose, of version 2 or later, without any variable of its own."""
    for name in {name for product in PRODUCTS for name in variables(product)} & set(os.environ):
        monkeypatch.delenv(name)
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) is not None:
            told = subprocess.run([*command, "version"], capture_output=True, check=False)
            if not told.returncode and b" v2" in told.stdout:
                return command
    pytest.skip("docker compose is not installed")


@pytest.mark.parametrize("product", PRODUCTS)
def test_compose_accepts_them_with_passwords_only(product: str, compose: list[str]) -> None:
    command = [*compose, "--profile", "commands", "config", "--quiet"]
    folder = DOCKER / product
    if (folder / ".env").exists():
        command[len(compose) : len(compose)] = ["--env-file", "/dev/null"]
    bare = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert bare.returncode != 0
    assert "copy .env.example to .env" in bare.stderr
    filled = {name: "Given-1" for name in variables(product) if name.endswith("PASSWORD")}
    subprocess.run(command, cwd=folder, env={**os.environ, **filled}, check=True)
