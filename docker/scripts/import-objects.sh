#!/bin/sh
# Imports saved objects, the files of /objects, into Kibana or OpenSearch Dashboards at $DASHBOARDS
# as soon as it answers, as $USERNAME with $PASSWORD. Objects that are there already are replaced.
set -eu
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

for file in "${OBJECTS:-/objects}"/*.ndjson; do
    # Each product looks at its own headers; OpenSearch's tenant is the one that everybody sees.
    # Both answer 503 while they start, and 200 for an import of which a part was refused.
    if curl -sS --fail-with-body --output "$answer" \
        --retry "${TRIES:-150}" --retry-delay "${WAIT:-2}" --retry-connrefused \
        --user "$USERNAME:$PASSWORD" \
        -H "kbn-xsrf: true" -H "osd-xsrf: true" -H "securitytenant: global" \
        --form "file=@$file" "$DASHBOARDS/api/saved_objects/_import?overwrite=true" &&
        grep -q '"success": *true' "$answer"; then
        echo "imported: $file"
    else
        echo "not imported, or not wholly: $file: $(cat "$answer")" >&2
        exit 1
    fi
done
