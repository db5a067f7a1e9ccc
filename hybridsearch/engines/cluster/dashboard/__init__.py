"""A dashboard over a query log, as saved objects of Kibana and of OpenSearch Dashboards."""
