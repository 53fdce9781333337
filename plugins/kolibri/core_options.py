"""The options that Kolibri has of its own, which plugins may give other defaults but not define; contract: section 4.4.

Names, types, defaults and variables as in Kolibri 0.19; none of them changes what yester does.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from yester.plugins.kolibri.kinds import SUPPORTED_LANGUAGES

_REDIS_POLICIES = (
    "", "allkeys-lru", "volatile-lru", "allkeys-random", "volatile-random", "volatile-ttl", "noeviction",
)  # fmt: skip
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


def _of(kind: str, default: Any = "", **more: Any) -> dict[str, Any]:
    return {"type": kind, "default": default, **more}


CORE: Mapping[str, Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "FileStorage": {
            "STORAGE_BACKEND": _of("storage_option", "file_system", options=("file_system", "gcs")),
            "GS_BUCKET_NAME": _of("string"),
            "GS_PROJECT_ID": _of("string"),
            "GS_CREDENTIALS": _of("path"),
            "GS_DEFAULT_ACL": _of("string", "publicRead"),
        },
        "Cache": {
            "CACHE_BACKEND": _of("cache_option", "memory"),
            "CACHE_TIMEOUT": _of("integer", 300),
            "CACHE_MAX_ENTRIES": _of("integer", 1000),
            "CACHE_PASSWORD": _of("string"),
            "CACHE_LOCATION": _of("string", "localhost:6379"),
            "CACHE_REDIS_DB": _of("integer", 0, deprecated_aliases=("CACHE_REDIS_MIN_DB",)),
            "CACHE_REDIS_MAX_POOL_SIZE": _of("integer", 50),
            "CACHE_REDIS_POOL_TIMEOUT": _of("integer", 30),
            "CACHE_REDIS_MAXMEMORY": _of("integer", 0),
            "CACHE_REDIS_MAXMEMORY_POLICY": _of("option", options=_REDIS_POLICIES),
            "STREAMED_FILE_CACHE_SIZE": _of("bytes", "500MB"),
        },
        "Database": {
            "DATABASE_ENGINE": _of("option", "sqlite", options=("sqlite", "postgres")),
            "DATABASE_NAME": _of("string"),
            "DATABASE_PASSWORD": _of("string"),
            "DATABASE_USER": _of("string"),
            "DATABASE_HOST": _of("string"),
            "DATABASE_PORT": _of("string"),
            "DATABASE_SSL_MODE": _of("option", "disable", options=_SSL_MODES),
            "DATABASE_SSL_ROOT_CERT": _of("path"),
        },
        "Server": {
            "CHERRYPY_START": _of("boolean", True, deprecated=True),
            "CHERRYPY_THREAD_POOL": _of("integer", 50),
            "CHERRYPY_SOCKET_TIMEOUT": _of("integer", 10),
            "CHERRYPY_QUEUE_SIZE": _of("integer", 30),
            "CHERRYPY_QUEUE_TIMEOUT": _of("float", 0.1),
            "PROFILE": _of("boolean", False, envvars=("KOLIBRI_SERVER_PROFILE",)),
            "DEBUG": _of("boolean", False),
            "DEBUG_LOG_DATABASE": _of("boolean", False),
        },
        "Paths": {
            "CONTENT_DIR": _of("path", "content"),
            "CONTENT_FALLBACK_DIRS": _of("path_list"),
            "AUTOMATIC_PROVISION_FILE": _of("path"),
        },
        "Urls": {
            "CENTRAL_CONTENT_BASE_URL": _of(
                "string",
                "https://studio.learningequality.org",
                deprecated_envvars=("CENTRAL_CONTENT_DOWNLOAD_BASE_URL",),
            ),
            "DATA_PORTAL_SYNCING_BASE_URL": _of("string", "https://kolibridataportal.learningequality.org"),
        },
        "Deployment": {
            "HTTP_PORT": _of("port", 8080, deprecated_envvars=("KOLIBRI_LISTEN_PORT",)),
            "RUN_MODE": _of("string", skip_blank=True),
            "DISABLE_PING": _of("boolean", False),
            "URL_PATH_PREFIX": _of("url_prefix", "/"),
            "LANGUAGES": _of("language_list", SUPPORTED_LANGUAGES),
            "ZIP_CONTENT_ORIGIN": _of("origin_or_port"),
            "ZIP_CONTENT_PORT": _of("port", 0),
            "ZIP_CONTENT_URL_PATH_PREFIX": _of("url_prefix", "/"),
            "REMOTE_CONTENT": _of("boolean", False),
            "SYNC_INTERVAL": _of("integer", 60),
            "PROJECT": _of("string", skip_blank=True),
            "MINIMUM_DISK_SPACE": _of("bytes", "250MB"),
            "LISTEN_ADDRESS": _of("ip_addr", "0.0.0.0"),
            "RESTART_HOOKS": _of("lazy_import_callback_list", ["kolibri.utils.server.signal_restart"]),
            "ZEROCONF_ENABLED": _of("boolean", True),
            "CSP_HOST_SOURCES": _of("csp_source_list"),
        },
        "Tasks": {
            "USE_WORKER_MULTIPROCESSING": _of("multiprocess_bool", False),
            "REGULAR_PRIORITY_WORKERS": _of("integer", 4),
            "HIGH_PRIORITY_WORKERS": _of("integer", 2),
            "JOB_STORAGE_FILEPATH": _of("path", "job_storage.sqlite3"),
        },
    }
)
"""Section → option → what is known of it."""
