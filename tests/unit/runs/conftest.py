"""Graphs as an operator installs them."""

from tests.installed_graph import install_graph

__all__ = ["install_graph"]
