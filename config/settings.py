"""Every setting, driven by the environment and ``.env`` (``.env.example`` lists the variables)."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from kombu import Queue  # type: ignore[attr-defined]  # Celery is untyped
from redis.backoff import NoBackoff
from redis.retry import Retry

from config import addresses
from config.environment import ROOT, get_address, load_environment
from config.variables import choice, flag, integer, number, text, words
from core.session_timeouts import as_options

load_environment()
BASE_DIR = ROOT


# --- Core -------------------------------------------------------------------------------------

EXAMPLE_SECRET_KEY = "change-me"  # noqa: S105  (the value in .env.example, refused in production)

DEBUG = flag("DEBUG")
SECRET_KEY = text("DJANGO_SECRET_KEY")
if not DEBUG and SECRET_KEY in {"", EXAMPLE_SECRET_KEY}:
    raise SystemExit(
        "DJANGO_SECRET_KEY is missing or still the example: set it to a long random string "
        "(or DEBUG=1 while developing)."
    )
SECRET_KEY = SECRET_KEY or EXAMPLE_SECRET_KEY

ALLOWED_HOSTS = words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = words("CSRF_TRUSTED_ORIGINS")
# How users reach this site, for the links in mails.
SITE_URL = text("SITE_URL", f"http://127.0.0.1:{text('PORT', '8000')}").rstrip("/")
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "web.apps.WebConfig",  # before the admin, some of whose templates it extends
    "monitoring.apps.AdminConfig",  # django.contrib.admin, with the project's site
    "accounts.apps.AccountsConfig",  # before auth, whose commands it extends
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "core.apps.CoreConfig",
    "ratelimit.apps.RatelimitConfig",
    "messaging.apps.MessagingConfig",
    "courses.apps.CoursesConfig",
    "clients.apps.ClientsConfig",
    "services.apps.ServicesConfig",
    "topics.apps.TopicsConfig",
    "tasks.apps.TasksConfig",
    "monitoring.apps.MonitoringConfig",
    "caching.apps.CachingConfig",
]
if flag("SYLLABUS_DEVTOOLS") and find_spec("devtools"):  # for its commands, run and demo
    INSTALLED_APPS.insert(-1, "devtools.apps.DevtoolsConfig")

MIDDLEWARE = [
    "core.request_id.RequestIdMiddleware",
    "monitoring.middleware.AccessMiddleware",
    "core.head.HeadMiddleware",
    "api.http_cache.CacheHeadersMiddleware",
    "web.error_pages.ErrorMiddleware",
    "core.security.SecureWritesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "core.request_body.RequestBodyMiddleware",
    "core.language.LanguageMiddleware",
    "core.malformed.MalformedRequestMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "core.actor.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

# Origins (https://…) whose pages may read the API, by tokens: cookies are not sent across origins.
CORS_ALLOWED_ORIGINS = words("CORS_ALLOWED_ORIGINS")
if CORS_ALLOWED_ORIGINS:
    INSTALLED_APPS.insert(-1, "corsheaders")
    MIDDLEWARE.insert(1, "corsheaders.middleware.CorsMiddleware")  # outside of all that answers
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = ["Accept", "Authorization", "Content-Type", "If-Match", "If-None-Match", "X-Request-ID"]
CORS_EXPOSE_HEADERS = [
    *("X-Cache", "Cache-Status", "ETag", "Location", "X-Request-ID"),
    *("RateLimit", "RateLimit-Policy", "Retry-After"),
]

DEBUG_TOOLBAR = DEBUG and flag("DEBUG_TOOLBAR")
if DEBUG_TOOLBAR:
    if not find_spec("debug_toolbar"):
        raise SystemExit("DEBUG_TOOLBAR=1 needs django-debug-toolbar: pip install -r requirements-dev.txt")
    from debug_toolbar.settings import PANELS_DEFAULTS

    INSTALLED_APPS.insert(-1, "debug_toolbar")
    MIDDLEWARE.insert(
        MIDDLEWARE.index("django.middleware.security.SecurityMiddleware"),
        "debug_toolbar.middleware.DebugToolbarMiddleware",
    )
    INTERNAL_IPS = ["127.0.0.1", "::1"]
    DEBUG_TOOLBAR_CONFIG = {"SHOW_TOOLBAR_CALLBACK": "debug_toolbar.middleware.show_toolbar_with_docker"}
    DEBUG_TOOLBAR_PANELS = [*PANELS_DEFAULTS]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "topics:list"
AUTHENTICATION_BACKENDS = ["accounts.backends.FoldedNameBackend"]
TOKEN_TTL_DAYS = integer("TOKEN_TTL_DAYS", 90, least=1)  # of access tokens to the API
HISTORY_RETENTION_DAYS = integer("HISTORY_RETENTION_DAYS", 730, least=1)  # of who changed what
PASSWORD_RESET_TIMEOUT = 3600  # seconds for which the link in a mail is valid; the mail says an hour
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": name}
    for name in (
        "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "django.contrib.auth.password_validation.MinimumLengthValidator",
        "django.contrib.auth.password_validation.CommonPasswordValidator",
        "django.contrib.auth.password_validation.NumericPasswordValidator",
        "accounts.validators.PasswordRules",
    )
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("uk", "Українська"), ("ru", "Русский")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
MEDIA_ROOT = Path(text("MEDIA_ROOT") or BASE_DIR / "media")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    # A certificate that is made again replaces its file.
    "certificates": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"allow_overwrite": True},
    },
}
if text("MEDIA_BUCKET"):  # an S3-compatible store, in the place of MEDIA_ROOT
    if not find_spec("storages"):
        raise SystemExit("MEDIA_BUCKET needs django-storages: pip install -r requirements-s3.txt")
    _s3 = {
        "bucket_name": text("MEDIA_BUCKET"),
        "endpoint_url": text("MEDIA_BUCKET_ENDPOINT") or None,
        "region_name": text("MEDIA_BUCKET_REGION") or None,
        "access_key": text("MEDIA_BUCKET_ACCESS_KEY") or None,
        "secret_key": text("MEDIA_BUCKET_SECRET_KEY") or None,
        "default_acl": None,  # private
    }
    _backend = "storages.backends.s3.S3Storage"
    STORAGES["default"] = {"BACKEND": _backend, "OPTIONS": {**_s3, "file_overwrite": False}}
    STORAGES["certificates"] = {"BACKEND": _backend, "OPTIONS": {**_s3, "file_overwrite": True}}
# Where certificates find fonts for scripts other than Latin and Cyrillic (courses/fonts.py).
FONT_FOLDERS = words(
    "FONT_FOLDERS", "/usr/share/fonts,/usr/local/share/fonts,/Library/Fonts,C:/Windows/Fonts"
)

# --- PostgreSQL -------------------------------------------------------------------------------

DB_CONN_MAX_AGE = integer("DB_CONN_MAX_AGE", 60)  # 0 under ASGI: config/asgi.py
ASGI_MAX_REQUESTS = integer("ASGI_MAX_REQUESTS", 16, least=1)
DATABASE_ENGINE = "caching.postgresql"  # Django's own, with a commit that invalidates cached values
if text("DATABASE_URL") or not text("DB_HOST"):
    DATABASES = {
        "default": addresses.database(
            get_address("DATABASE_URL"),
            engine=DATABASE_ENGINE,
            conn_max_age=DB_CONN_MAX_AGE,
            conn_health_checks=True,
        )
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": DATABASE_ENGINE,
            "HOST": text("DB_HOST"),
            "PORT": text("DB_PORT"),
            "NAME": text("DB_NAME", "dbname"),
            "USER": text("DB_USER", "dbuser"),
            "PASSWORD": text("DB_PASS"),
            "CONN_MAX_AGE": DB_CONN_MAX_AGE,
            "CONN_HEALTH_CHECKS": True,
        }
    }
# In seconds, 0 is none. A worker of Celery has DB_TASK_STATEMENT_TIMEOUT, `migrate` has none; a block that
# needs more has core.database.statement_timeout.
DB_TIMEOUTS = {
    "statement_timeout": number("DB_STATEMENT_TIMEOUT", 15),
    "lock_timeout": number("DB_LOCK_TIMEOUT", 5),
    "idle_in_transaction_session_timeout": number("DB_IDLE_IN_TRANSACTION_TIMEOUT", 60),
}
DB_TASK_STATEMENT_TIMEOUT = number("DB_TASK_STATEMENT_TIMEOUT", 300)
DB_HANG_TIMEOUT = number("DB_HANG_TIMEOUT", 3)  # of web processes, 0 is none: core/hung_database.py
DB_POOLER = flag("DB_POOLER")  # a transaction pooler: a session lasts as long as a transaction
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = DB_POOLER
_options: dict[str, Any] = DATABASES["default"].setdefault("OPTIONS", {})
_options.setdefault("connect_timeout", integer("DB_CONNECT_TIMEOUT", 3, least=1))
for _name, _value in {  # a host that vanishes is noticed within 10 s; a Unix socket ignores them
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}.items():
    _options.setdefault(_name, _value)
os.environ["PGTZ"] = "UTC"  # libpq sends it when it connects, and Django need not set the zone by a statement
if not DB_POOLER:  # what the URL says comes last, and so holds
    _options["options"] = f"{as_options(DB_TIMEOUTS)} {_options.get('options', '')}".rstrip()

# --- Redis: the cache is database 1, the broker, throttles and view counters database 0 -------

_redis = addresses.of_redis("REDIS_URL", get_address("REDIS_URL"))
REDIS_URL = addresses.with_credentials(_redis, text("REDIS_USERNAME"), text("REDIS_PASSWORD"))
if addresses.database_of(REDIS_URL) is None:
    REDIS_URL = addresses.with_database(REDIS_URL, 1)
CACHE_TTL = integer("CACHE_TTL", 300, least=1)
REDIS_CONNECT_TIMEOUT_SECONDS = 0.25
REDIS_COMMAND_TIMEOUT_SECONDS = 0.5

CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "TIMEOUT": CACHE_TTL,
        # Empty: keys have the form ":1:v1:courses:detail:1". With "app" it is "app:1:v1:…".
        "KEY_PREFIX": text("CACHE_KEY_PREFIX"),
        "OPTIONS": {
            "CLIENT_CLASS": "django_redis.client.DefaultClient",
            "SERIALIZER": "django_redis.serializers.json.JSONSerializer",  # never a pickle
            "SOCKET_CONNECT_TIMEOUT": REDIS_CONNECT_TIMEOUT_SECONDS,
            "SOCKET_TIMEOUT": REDIS_COMMAND_TIMEOUT_SECONDS,
            "CONNECTION_POOL_KWARGS": {"max_connections": 100, "retry": Retry(NoBackoff(), retries=0)},
            "IGNORE_EXCEPTIONS": True,
        },
    }
}
DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True

PRICE_CACHE_NAME = "price_cache"  # the sum of all prices
COURSE_COMPLETION = choice("COURSE_COMPLETION", "lessons", "anytime")
RECALCULATION_STAMPS_COMMENT = flag("RECALCULATION_STAMPS_COMMENT", "1")


# More than one server: a cluster for the cache, or Sentinels that monitor its master. Then only the
# credentials, the TLS options and, with Sentinels, the database of REDIS_URL are used.
CACHING: dict[str, Any] = {
    "NAME": "Syllabus",
    "CLUSTER": addresses.servers(words("REDIS_CLUSTER")),
    "SENTINELS": addresses.servers(words("REDIS_SENTINELS")),
    "MASTER": text("REDIS_SENTINEL_MASTER", "mymaster"),
    "SENTINEL_USERNAME": text("REDIS_SENTINEL_USERNAME"),
    "SENTINEL_PASSWORD": text("REDIS_SENTINEL_PASSWORD"),
    "SENTINEL_TLS": flag("REDIS_SENTINEL_TLS"),
    "CONNECT_TIMEOUT": REDIS_CONNECT_TIMEOUT_SECONDS,
    "COMMAND_TIMEOUT": REDIS_COMMAND_TIMEOUT_SECONDS,
    "SEPARATE_FROM": ["CELERY_BROKER_URL"],  # its database must not be the cache's
}
if CACHING["CLUSTER"] or CACHING["SENTINELS"]:
    CACHES["default"]["OPTIONS"]["CONNECTION_FACTORY"] = "caching.contrib.django_redis.ConnectionFactory"

CACHALOT_ENABLED = flag("CACHALOT_ENABLED")
if CACHALOT_ENABLED:  # it is not coherent, unlike the project's own cache: docs/prices.md
    INSTALLED_APPS.insert(-1, "cachalot")
    CACHES["cachalot"] = {
        **CACHES["default"],
        "KEY_PREFIX": f"{CACHES['default']['KEY_PREFIX']}cachalot",
        "OPTIONS": {
            **CACHES["default"]["OPTIONS"],
            "SERIALIZER": "django_redis.serializers.pickle.PickleSerializer",  # it stores rows
        },
    }
    CACHALOT_CACHE = "cachalot"
    CACHALOT_TIMEOUT = CACHE_TTL
    CACHALOT_ADDITIONAL_SUPPORTED_DATABASES = {DATABASE_ENGINE}
    CACHALOT_ONLY_CACHABLE_APPS = ("clients", "services")
    # Triggers write these.
    CACHALOT_UNCACHABLE_TABLES = ("django_migrations", "services_pricechange", "services_subscriptionmove")
    if DEBUG_TOOLBAR:
        DEBUG_TOOLBAR_PANELS.append("cachalot.panels.CachalotPanel")

EDGE = flag("EDGE", "1")  # answer hits in front of Django (edge/)
METRICS_ENABLED = flag("METRICS_ENABLED")  # /metrics for Prometheus
METRICS_TOKEN = text("METRICS_TOKEN")  # who has it may read them; if unset: this machine only

# A port for health and metrics that no request uses; a worker has no other. 0: none.
OPERATOR_PORT = integer("OPERATOR_PORT", 0)
OPERATOR_HOST = text("OPERATOR_HOST", "127.0.0.1")
SENTRY_DSN = text("SENTRY_DSN")
SENTRY_TRACES_SAMPLE_RATE = number("SENTRY_TRACES_SAMPLE_RATE", 0)  # of 1
# How long the server goes on after SIGTERM while /health/ready answers 503, for load balancers that ask it.
DRAIN_SECONDS = number("DRAIN_SECONDS", 0)

# --- Celery -----------------------------------------------------------------------------------

CELERY_BROKER_URL = text("CELERY_BROKER_URL") or addresses.with_database(REDIS_URL, 0)
addresses.of_redis("CELERY_BROKER_URL", CELERY_BROKER_URL, *addresses.OF_CELERY)
if addresses.is_same_server(CELERY_BROKER_URL, REDIS_URL):
    CELERY_BROKER_URL = addresses.with_credentials(
        CELERY_BROKER_URL, text("REDIS_USERNAME"), text("REDIS_PASSWORD")
    )
CELERY_BROKER_URL = addresses.for_celery(CELERY_BROKER_URL)
# One queue for each kind of slowness: a mail server that hangs must not delay prices.
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_QUEUES = [Queue(name) for name in ("default", "prices", "outgoing")]  # type: ignore[no-untyped-call]
CELERY_TASK_ROUTES = {
    "services.tasks.*": {"queue": "prices"},
    "messaging.tasks.deliver*": {"queue": "outgoing"},
}
CELERY_TASK_IGNORE_RESULT = True  # but for config.celery.debug_task
CELERY_RESULT_BACKEND = CELERY_BROKER_URL
CELERY_RESULT_EXPIRES = 3600
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TIMEZONE = TIME_ZONE
CELERY_IMPORTS = ["caching.contrib.celery"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CHANNEL_ERROR_RETRY = True  # connect again if a command is refused: the broker was a replica
# A web process must not wait for a broker that is unavailable: one attempt, with a short timeout.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
    "max_retries": 0,
    "socket_connect_timeout": REDIS_CONNECT_TIMEOUT_SECONDS,
    "socket_timeout": 1.0,
    "visibility_timeout": 600,
}
if CELERY_BROKER_URL.startswith("sentinel://"):
    CELERY_BROKER_TRANSPORT_OPTIONS |= {
        "master_name": CACHING["MASTER"],
        "sentinel_kwargs": {
            "username": CACHING["SENTINEL_USERNAME"] or None,
            "password": CACHING["SENTINEL_PASSWORD"] or None,
            "socket_connect_timeout": REDIS_CONNECT_TIMEOUT_SECONDS,
            "socket_timeout": REDIS_CONNECT_TIMEOUT_SECONDS,
            "retry": Retry(NoBackoff(), 0),
        },
    }
    CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = CELERY_BROKER_TRANSPORT_OPTIONS
CELERY_SINGLETON_BACKEND_CLASS = "services.deduplication.OwnedLocks"
CELERY_BEAT_SCHEDULER = "core.beat:Scheduler"
CELERY_BEAT_SCHEDULE_FILENAME = text("CELERY_BEAT_SCHEDULE_FILENAME") or str(BASE_DIR / "celerybeat-schedule")
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False  # mails on the console are printed as they are
CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    "accounts: delete expired sessions": {
        "task": "accounts.tasks.delete_expired_sessions",
        "schedule": 86_400,
    },
    "accounts: delete expired tokens": {
        "task": "accounts.tasks.delete_expired_tokens",
        "schedule": 86_400,
    },
    "accounts: answer password resets": {
        "task": "accounts.tasks.answer_password_resets",
        "schedule": 20,
    },
    "caching: repair": {"task": "caching.contrib.celery.repair", "schedule": 15},
    "courses: add the views counted": {"task": "courses.tasks.flush_views", "schedule": 60},
    "courses: make overdue certificates": {"task": "courses.tasks.catch_up", "schedule": 60},
    "courses: delete orphaned files": {"task": "courses.tasks.delete_orphaned_files", "schedule": 86_400},
    "courses: repair statistics": {"task": "courses.tasks.reconcile_statistics", "schedule": 300},
    "messaging: delete old messages": {"task": "messaging.tasks.delete_old_messages", "schedule": 86_400},
    "messaging: send what is due": {"task": "messaging.tasks.deliver_due", "schedule": 20},
    "messaging: delete old Updates": {"task": "messaging.tasks.delete_old_updates", "schedule": 86_400},
    "monitoring: delete old history": {"task": "monitoring.tasks.delete_old_history", "schedule": 86_400},
    "monitoring: merge the dashboard's sums": {"task": "monitoring.tasks.merge_sums", "schedule": 60},
    "services: bring prices up to date": {
        "task": "services.tasks.repair",
        "schedule": 20,
    },
    "services: tidy": {"task": "services.tasks.tidy", "schedule": 60},
    "tasks: turn overdue, remind": {"task": "tasks.tasks.watch_deadlines", "schedule": 300},
}
for _entry in CELERY_BEAT_SCHEDULE.values():  # what was sent while no worker ran is not run one by one
    _entry["options"] = {"expires": _entry["schedule"]}

# --- API --------------------------------------------------------------------------------------

BROWSABLE_API = flag("BROWSABLE_API", str(int(DEBUG)))  # DRF's pages with forms, for browsers

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.TokenAuthentication",
        "messaging.telegram.authentication.TelegramAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer",
        *(["web.browsable.BrowsableAPIRenderer"] if BROWSABLE_API else []),
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "api.negotiation.ContentNegotiation",
    "DEFAULT_PARSER_CLASSES": ["api.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "api.openapi.schema.AutoSchema",
    "DEFAULT_METADATA_CLASS": "api.metadata.Metadata",
    "EXCEPTION_HANDLER": "api.problems.handler.exception_handler",
    "DEFAULT_PAGINATION_CLASS": "api.pagination.Pagination",
    "DEFAULT_THROTTLE_CLASSES": ["ratelimit.throttling.RateThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "anon": text("THROTTLE_ANON", "60/min"),
        "user": text("THROTTLE_USER", "120/min"),
        "courses-top": text("THROTTLE_COURSES_TOP", "10/min"),
        "auth-register": text("THROTTLE_AUTH_REGISTER", "10/min"),
        "sign-in": text("THROTTLE_SIGN_IN", "10/min"),
        "auth-token": text("THROTTLE_AUTH_TOKEN", "10/min"),
        "auth-password": text("THROTTLE_AUTH_PASSWORD", "10/min"),
        "auth-email": text("THROTTLE_AUTH_EMAIL", "10/min"),
        "telegram-confirm": text("THROTTLE_TELEGRAM_CONFIRM", "600/min"),
    },
    "NUM_PROXIES": integer("NUM_PROXIES", 0),
    "COERCE_DECIMAL_TO_STRING": False,  # money is a JSON number
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Syllabus",
    "DESCRIPTION": (BASE_DIR / "api" / "openapi" / "introduction.md").read_text(),
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # By default Swagger UI requests a badge from validator.swagger.io.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
    "SCHEMA_PATH_PREFIX": "/api(/v1)?",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_SUFFIX": "",
    "ENUM_NAME_OVERRIDES": {
        "TaskStatus": "tasks.models.Status",
        "TaskRepeat": "tasks.models.Repeat.values",
        "TopicAction": "topics.models.TopicActivity.Action",
        "PriceReason": "services.history_serializers.REASONS",
        "PriceSourceKind": ["service", "plan"],
        "BreakerState": ["open", "closed"],
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "api.openapi.operations.complete_operations",
    ],
}

# --- Mail -------------------------------------------------------------------------------------

EMAIL_BACKEND = text("EMAIL_BACKEND", "messaging.console.EmailBackend")
EMAIL_HOST = text("EMAIL_HOST", "localhost")
EMAIL_PORT = integer("EMAIL_PORT", 25, least=1)
EMAIL_HOST_USER = text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = flag("EMAIL_USE_TLS")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = text("DEFAULT_FROM_EMAIL", "Syllabus <noreply@localhost>")

# --- Telegram: an empty value disables a part -------------------------------------------------

TELEGRAM_BOT_NAME = text("TELEGRAM_BOT_NAME").removeprefix("@")  # for links to the bot
TELEGRAM_BOT_TOKEN = text("TELEGRAM_BOT_TOKEN")  # to send messages as the bot
TELEGRAM_WEBHOOK_SECRET = text("TELEGRAM_WEBHOOK_SECRET")  # proves that a request is the bot's
TELEGRAM_API_URL = text("TELEGRAM_API_URL", "https://api.telegram.org")

# --- Security ---------------------------------------------------------------------------------

SESSION_ENGINE = "accounts.sessions"

HTTPS = flag("HTTPS")  # behind a proxy that ends TLS and sets X-Forwarded-Proto
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_REDIRECT_EXEMPT = [r"^health/"]
    # A browser remembers HSTS for that long and the server cannot take it back: one hour at first.
    SECURE_HSTS_SECONDS = integer("SECURE_HSTS_SECONDS", 3600)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = flag("SECURE_HSTS_INCLUDE_SUBDOMAINS")
    SECURE_HSTS_PRELOAD = flag("SECURE_HSTS_PRELOAD")
# `check --deploy` would ask for subdomains and preload, which the operator decides.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# --- Logging: every line carries the request's id ---------------------------------------------

SQL_LOG = flag("SQL_LOG")  # each statement with its time

LOG_FORMAT = choice("LOG_FORMAT", "text", "json", "console")
LOG_LEVEL = choice("LOG_LEVEL", "INFO", "DEBUG", "WARNING", "ERROR", "CRITICAL")
LOG_FORMATS = {
    "text": {"format": "{asctime} {levelname:<7} [{request_id}] {name}: {message}", "style": "{"},
    "json": {"()": "core.log_format.JSONFormatter"},
    "console": {"()": "core.log_format.ConsoleFormatter"},  # what `make run` prints without VERBOSE=1
}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "core.request_id.RequestIdFilter"},
        "secret_paths": {"()": "core.secret_paths.SecretPathFilter"},
    },
    "formatters": {"chosen": LOG_FORMATS[LOG_FORMAT]},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "chosen",
            "filters": ["request_id", "secret_paths"],
        }
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    # Django's own handlers would print each record a second time.
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.db.backends": {"level": "DEBUG" if SQL_LOG else "NOTSET"},
        "access": {"level": "NOTSET" if flag("ACCESS_LOG", "1") else "WARNING"},
        "fontTools": {"level": "WARNING"},  # at INFO it logs every letter of a certificate
    },
}
if LOG_FORMAT == "console":  # tasks that found something to do say so (core/celery.py)
    for _name in ("celery", "core.beat", "audit", "django.request", "kombu"):
        LOGGING["loggers"][_name] = {"level": "WARNING"}
