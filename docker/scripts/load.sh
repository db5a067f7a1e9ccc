#!/bin/sh
# Fills a server with something to look at: the demo's documents at $TARGET, and a few searches of
# them in the query log. Run again, it copies what is missing and searches once more.
set -eu
demo="${DEMO:-$HOME/demo}"

echo "indexing the docstrings of Python's standard library; the first time takes a while"
HYBRIDSEARCH_QUERY_LOG=off hybridsearch demo --folder "$demo" >"$demo.txt"
hybridsearch copy "embedded:$demo" "$TARGET" --set replicas=0
for query in "the middle value of a list" umask "a queue where the most urgent comes first"; do
    hybridsearch search "$TARGET" "$query" -k 3
done
