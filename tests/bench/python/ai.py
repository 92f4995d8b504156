"""Mends findings about SageMaker, Bedrock and AgentCore: plans, applies and reads back, takes back."""

from remediator import remediator

handler = remediator("ai")
