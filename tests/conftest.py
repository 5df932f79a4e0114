"""Fixtures for infrastructure."""
