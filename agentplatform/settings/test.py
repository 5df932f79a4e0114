"""The test suite: real PostgreSQL and Valkey, started by tests/conftest.py."""

from agentplatform.settings.base import *

# The owner makes the test database; the others look at it, each as its own role.
for _alias in ("default", "admin"):
    DATABASES[_alias]["TEST"] = {"MIRROR": "owner"}
DATABASES["owner"]["TEST"] = {"DEPENDENCIES": []}
DATABASES["owner"]["CONN_MAX_AGE"] = None  # the others have pools
# A test that wants a warm sandbox or a warm browser has its own; and a machine that is busy with
# other tests may keep PostgreSQL from answering at once.
PLATFORM = PLATFORM.model_copy(
    update={"sandbox_pool_size": 0, "browser_warm_seconds": 0, "gateway_wait_seconds": 5.0}
)
SECRET_KEY = "test-only-" + "0" * 40
STATIC_ROOT = None
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
