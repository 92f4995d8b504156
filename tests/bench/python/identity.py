"""Mends findings about users, policies, trails: plans, applies and reads back, takes back."""

from remediator import remediator

handler = remediator("identity")
