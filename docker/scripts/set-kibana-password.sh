#!/bin/sh
# Gives Kibana's own user of Elasticsearch at $SERVER the password $KIBANA_PASSWORD.
set -eu

echo "{\"password\": \"$KIBANA_PASSWORD\"}" |
    curl -sS --fail-with-body --user "elastic:$ELASTIC_PASSWORD" \
        -H "Content-Type: application/json" --data-binary @- \
        "$SERVER/_security/user/kibana_system/_password"
