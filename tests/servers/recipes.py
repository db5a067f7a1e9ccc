"""What each server is: its artifacts, the Java it runs on, and the settings it always has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from servers.maven import Artifact

Product = Literal["elasticsearch", "opensearch"]


@dataclass(frozen=True)
class Module:
    """A folder of `modules/` that the distribution lacks, made of jars fetched one by one."""

    name: str
    classname: str
    jars: tuple[Artifact, ...]
    extends: str = ""
    permissions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """A server; `java` are the major versions of Java that it runs on here, best first.

    `compiled_for` is the Java release of the plugin in `plugin/`, which gives Elasticsearch back
    what its small distribution lacks; servers without one lack nothing of it. OpenSearch's k-NN is
    for the engine `lucene` only: the package lacks the libraries of the others, and a document for
    one of them ends the server.
    """

    name: str
    product: Product
    version: str
    java: tuple[int, ...]
    compiled_for: int | None = None
    modules: tuple[Module, ...] = ()
    plugins: tuple[Artifact, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def distribution(self) -> Artifact:
        group = f"org.{self.product}.distribution.integ-test-zip"
        return Artifact(group, self.product, self.version, "zip")

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """Everything to fetch."""
        jars = (jar for module in self.modules for jar in module.jars)
        return (self.distribution, *jars, *self.plugins)


_ANY_DISK = {"cluster.routing.allocation.disk.threshold_enabled": "false"}
_ELASTICSEARCH = {
    **_ANY_DISK,
    "xpack.security.enabled": "false",
    "indices.breaker.total.use_real_memory": "false",
}

_PAINLESS = Module(
    name="lang-painless",
    classname="org.opensearch.painless.PainlessPlugin",
    jars=(
        Artifact("org.opensearch.plugin", "lang-painless", "2.19.1", "jar"),
        Artifact("org.opensearch.plugin", "opensearch-scripting-painless-spi", "2.19.1", "jar"),
        Artifact("org.antlr", "antlr4-runtime", "4.13.1", "jar"),
        Artifact("org.ow2.asm", "asm", "9.7", "jar"),
        Artifact("org.ow2.asm", "asm-util", "9.7", "jar"),
        Artifact("org.ow2.asm", "asm-tree", "9.7", "jar"),
        Artifact("org.ow2.asm", "asm-commons", "9.7", "jar"),
        Artifact("org.ow2.asm", "asm-analysis", "9.7", "jar"),
    ),
    permissions=("createClassLoader", "getClassLoader"),
)
_ANALYSIS = Module(
    name="analysis-common",
    classname="org.opensearch.analysis.common.CommonAnalysisPlugin",
    jars=(Artifact("org.opensearch.plugin", "analysis-common", "2.19.1", "jar"),),
    extends="lang-painless",
)
_MAPPER_EXTRAS = Module(
    name="mapper-extras",
    classname="org.opensearch.index.mapper.MapperExtrasPlugin",
    jars=(Artifact("org.opensearch.plugin", "mapper-extras-client", "2.19.1", "jar"),),
)

RECIPES: Mapping[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="elasticsearch",
            product="elasticsearch",
            version="9.2.0",
            java=(25,),
            compiled_for=21,
            settings=_ELASTICSEARCH,
        ),
        Recipe(
            name="elasticsearch-8",
            product="elasticsearch",
            version="8.19.21",
            java=(25, 17),
            compiled_for=17,
            settings=_ELASTICSEARCH,
        ),
        Recipe(
            name="opensearch",
            product="opensearch",
            version="3.5.0",
            java=(25,),
            plugins=(Artifact("org.opensearch.plugin", "opensearch-knn", "3.5.0.0", "zip"),),
            settings=_ANY_DISK,
        ),
        Recipe(
            name="opensearch-2",
            product="opensearch",
            version="2.19.1",
            java=(17,),
            modules=(_PAINLESS, _ANALYSIS, _MAPPER_EXTRAS),
            plugins=(
                Artifact("org.opensearch.plugin", "opensearch-knn", "2.19.1.0", "zip"),
                Artifact("org.opensearch.plugin", "neural-search", "2.19.1.0", "zip"),
            ),
            settings=_ANY_DISK,
        ),
    )
}
