"""The nouns: schema, document, filter, request, response."""
