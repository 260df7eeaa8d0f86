"""Durable execution of runs."""
