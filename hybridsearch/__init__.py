"""Hybrid search over Elasticsearch, OpenSearch or an embedded index."""
