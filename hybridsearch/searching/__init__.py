"""Searching: a request planned, retrieved, completed, fused, fetched and explained."""
