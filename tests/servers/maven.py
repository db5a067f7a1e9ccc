"""Fetching artifacts with Maven, in one run, from whatever repositories its settings name."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from servers.errors import ServerUnavailable

PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
# The goal takes several artifacts from a project's file only.
PROJECT = """<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>hybridsearch</groupId>
  <artifactId>servers</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <build><plugins><plugin>
    <groupId>{plugin[0]}</groupId>
    <artifactId>{plugin[1]}</artifactId>
    <version>{plugin[2]}</version>
    <configuration>
      <outputDirectory>{folder}</outputDirectory>
      <artifactItems>
{items}
      </artifactItems>
    </configuration>
  </plugin></plugins></build>
</project>
"""


@dataclass(frozen=True)
class Artifact:
    """One file of a repository; its packaging is `zip` or `jar`."""

    group: str
    name: str
    version: str
    packaging: str

    @property
    def filename(self) -> str:
        return f"{self.name}-{self.version}.{self.packaging}"

    @property
    def item(self) -> str:
        return (
            f"        <artifactItem><groupId>{self.group}</groupId>"
            f"<artifactId>{self.name}</artifactId><version>{self.version}</version>"
            f"<type>{self.packaging}</type></artifactItem>"
        )


def fetch(artifacts: Iterable[Artifact], folder: Path) -> None:
    """Copy the artifacts into the folder, each under its `filename`."""
    maven = shutil.which("mvn")
    if maven is None:
        raise ServerUnavailable("servers are fetched with Maven: `mvn` is not on the path")
    items = "\n".join(artifact.item for artifact in artifacts)
    project = folder / "pom.xml"
    project.write_text(PROJECT.format(plugin=PLUGIN.split(":"), folder=folder, items=items))
    done = subprocess.run(
        [maven, "--batch-mode", "--quiet", "--file", project, f"{PLUGIN}:copy"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = next((line for line in done.stdout.splitlines() if "ERROR" in line), done.stderr)
        raise ServerUnavailable(f"Maven could not fetch the server: {said.strip()}")
