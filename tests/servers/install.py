"""Installing a server: fetched, unpacked, and given its modules and plugins; once per recipe."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

from servers.cache import cache_folder, making
from servers.errors import ServerUnavailable
from servers.maven import fetch
from servers.progress import tell
from servers.recipes import Module, Recipe

PLUGIN = Path(__file__).parent / "plugin"
PLUGIN_NAME = "english-and-root"


def installed(recipe: Recipe, java: Path) -> Path:
    """The home of the installed server, which is installed first where it is not there yet."""
    folder = cache_folder() / f"{recipe.product}-{recipe.version}-{_fingerprint(recipe)}"
    with making(folder, recipe.name) as part:
        if part is not None:
            _install(recipe, java, part)
    return folder


def _fingerprint(recipe: Recipe) -> str:
    """Changes with the recipe, the plugin's source and this file, so that none is used stale."""
    digest = hashlib.sha256(repr(recipe).encode() + Path(__file__).read_bytes())
    if recipe.compiled_for is not None:
        for source in sorted(PLUGIN.iterdir()):
            digest.update(source.read_bytes())
    return digest.hexdigest()[:8]


def _install(recipe: Recipe, java: Path, part: Path) -> None:
    home, fetched = part / "home", part / "fetched"
    fetched.mkdir()
    tell(recipe.name, f"fetching {recipe.product} {recipe.version}")
    fetch(recipe.artifacts, fetched)
    _unpack(fetched / recipe.distribution.filename, home)
    for module in recipe.modules:
        _add_module(module, recipe, home, fetched)
    for plugin in recipe.plugins:
        tell(recipe.name, f"installing {plugin.name}")
        _add_plugin(fetched / plugin.filename, recipe, java, home)
    if recipe.compiled_for is not None:
        tell(recipe.name, f"compiling {PLUGIN_NAME}")
        _compile_plugin(recipe, recipe.compiled_for, java, home)
    _open_to_all(home)


def _unpack(archive: Path, home: Path) -> None:
    """Unpack the archive's one folder as `home`."""
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(archive.parent)
    archive.with_suffix("").rename(home)
    _open_to_all(home)


def _add_module(module: Module, recipe: Recipe, home: Path, fetched: Path) -> None:
    folder = home / "modules" / module.name
    folder.mkdir()
    for jar in module.jars:
        (fetched / jar.filename).rename(folder / jar.filename)
    (folder / "plugin-descriptor.properties").write_text(
        f"description={module.name}\n"
        f"version={recipe.version}\n"
        f"name={module.name}\n"
        f"classname={module.classname}\n"
        "java.version=11\n"
        f"opensearch.version={recipe.version}\n"
        "custom.foldername=\n"
        f"extended.plugins={module.extends}\n"
        "has.native.controller=false\n"
    )
    if module.permissions:
        granted = "".join(
            f'  permission java.lang.RuntimePermission "{permission}";\n'
            for permission in module.permissions
        )
        (folder / "plugin-security.policy").write_text(f"grant {{\n{granted}}};\n")


def _add_plugin(archive: Path, recipe: Recipe, java: Path, home: Path) -> None:
    prefix = recipe.product.upper()
    _run(
        ["bash", f"bin/{recipe.product}-plugin", "install", "--batch", archive.as_uri()],
        home,
        {f"{prefix}_JAVA_HOME": str(java)},
    )


def _compile_plugin(recipe: Recipe, release: int, java: Path, home: Path) -> None:
    """Compile `plugin/*.java` against the server's own jars, and put it into `plugins/`."""
    folder = home / "plugins" / PLUGIN_NAME
    classes = folder / "classes"
    classes.mkdir(parents=True)
    _run(
        [
            str(java / "bin" / "javac"),
            "-Xlint:-options",
            *("--release", str(release)),
            *("-cp", f"{home}/lib/*"),
            *("-d", str(classes)),
            *map(str, sorted(PLUGIN.glob("*.java"))),
        ],
        home,
        {},
    )
    with zipfile.ZipFile(folder / f"{PLUGIN_NAME}.jar", "w") as jar:
        for path in sorted(classes.rglob("*.class")):
            jar.write(path, path.relative_to(classes))
    shutil.rmtree(classes)
    descriptor = (PLUGIN / "plugin-descriptor.properties").read_text()
    (folder / "plugin-descriptor.properties").write_text(
        descriptor.replace("@server@", recipe.version).replace("@java@", str(release))
    )


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ServerUnavailable(f"`{' '.join(command)}` failed:\n{done.stdout.strip()}")


def _open_to_all(home: Path) -> None:
    """Every user may read, and run what is in a `bin` folder."""
    home.chmod(0o755)
    for path in home.rglob("*"):
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
