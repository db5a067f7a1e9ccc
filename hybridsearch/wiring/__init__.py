"""Wiring: settings to engine, encoder and index; the one place that builds things."""
