"""Tokens of a Cognito user pool: whose they are, and whether they are good."""
