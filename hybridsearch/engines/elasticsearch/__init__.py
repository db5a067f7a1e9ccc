"""The engine on Elasticsearch 8.19 and 9."""
