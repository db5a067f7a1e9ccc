"""Roll-outs: another version of an index in the place of the one that serves."""
