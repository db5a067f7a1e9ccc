"""Real servers for tests: Elasticsearch and OpenSearch, fetched with Maven, started and ended."""
