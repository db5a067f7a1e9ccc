"""The engine on OpenSearch 2.19 and 3."""
