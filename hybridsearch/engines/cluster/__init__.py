"""What the engines on Elasticsearch and OpenSearch share: an index on a cluster, over HTTP."""
