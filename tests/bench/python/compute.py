"""Mends findings about instances, functions, clusters, networks: plans, applies and reads back, takes back."""

from remediator import remediator

handler = remediator("compute")
