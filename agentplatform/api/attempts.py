"""Whose failed attempts are counted, and how many pass freely."""

from agentplatform.core.attempts import Attempts

SIGN_INS_OF_SITE = Attempts("sign-in.site", limit=5, window_seconds=60)
SIGN_INS_OF_EMAIL = Attempts("sign-in.email", limit=5, window_seconds=60)

API_CREDENTIALS_OF_SITE = Attempts("api-credentials.site", limit=20, window_seconds=60)
"""Asked only once a credential has failed: a good one never waits, whoever shares its address."""
