"""The embedded engine: tantivy for text and filters, vector files beside it, in one folder."""
