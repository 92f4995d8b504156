"""Mends findings about buckets, tables, databases, jobs, keys: plans, applies and reads back, takes back."""

from remediator import remediator

handler = remediator("data")
