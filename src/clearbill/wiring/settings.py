"""Django's settings, all from the environment. Reading them starts and writes nothing.

`DATABASE_URL` (the application's role), `DATABASE_OWNER_URL` (migrations), `CLEARBILL_HOME`,
`CLEARBILL_FILES`, `CLEARBILL_URL`, `SECRET_KEY`, `EMAIL_URL`, `CLEARBILL_MAIL_FROM`,
`CLEARBILL_OPERATOR_MAIL`, `CLEARBILL_FONTS`, `CLEARBILL_PROXIES`, `PORT`. Without
`DATABASE_URL` the addresses are those of the data folder's embedded server, which
`clearbill.wiring.main` has started by then.
"""

import os
import pkgutil
from pathlib import Path
from urllib.parse import urlsplit

import clearbill.jobs
from clearbill.wiring import embedded, logs, roles
from clearbill.wiring.addresses import database, mail, proxies
from clearbill.wiring.secret import read_or_invent

PACKAGE = Path(clearbill.__file__).parent
CLEARBILL_HOME = embedded.default_home()
PORT = int(os.environ.get("PORT") or "8000")

DEBUG = False
SECRET_KEY = os.environ.get("SECRET_KEY") or read_or_invent(CLEARBILL_HOME)

# The base of every link. Hosts that are asked for under another name get a 400.
CLEARBILL_URL = (os.environ.get("CLEARBILL_URL") or f"http://localhost:{PORT}").rstrip("/")
_base = urlsplit(CLEARBILL_URL)
_SECURE = _base.scheme == "https"
ALLOWED_HOSTS = [_base.hostname or "localhost"]
if not os.environ.get("CLEARBILL_URL"):
    ALLOWED_HOSTS += ["127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [f"{_base.scheme}://{_base.netloc}"]

EMBEDDED = not os.environ.get("DATABASE_URL")
DATABASES = {
    "default": database(
        os.environ.get("DATABASE_URL") or embedded.url(CLEARBILL_HOME, roles.APPLICATION)
    )
}
_owner = os.environ.get("DATABASE_OWNER_URL")
if EMBEDDED or _owner:
    # Only `migrate` and `verify` use it; it is absent where the operator keeps it elsewhere.
    DATABASES["owner"] = database(
        embedded.url(CLEARBILL_HOME, roles.OWNER) if EMBEDDED or not _owner else _owner
    )

# A folder, or any address that fsspec understands (s3://bucket/prefix).
CLEARBILL_FILES = os.environ.get("CLEARBILL_FILES") or str(CLEARBILL_HOME / "files")
# Folders with fonts for letters that the package's own lack, such as Chinese ones.
CLEARBILL_FONTS = os.environ.get("CLEARBILL_FONTS") or ""

INSTALLED_APPS = [
    "clearbill.records",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    # Templates of the sign-in library load it.
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "clearbill.wiring.middleware.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "clearbill.wiring.middleware.ContentSecurityPolicyMiddleware",
    "clearbill.wiring.middleware.StreamsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "clearbill.wiring.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Right behind the user: whatever runs later must not see another tenant's rows.
    "clearbill.wiring.middleware.TenantMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "clearbill.wiring.urls"
WSGI_APPLICATION = "clearbill.wiring.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_CONTEXT = [
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [PACKAGE / room / "jinja2" for room in ("wiring", "console", "portal", "paper")],
        "OPTIONS": {
            "environment": "clearbill.web.jinja.environment",
            "context_processors": _CONTEXT,
        },
    },
    {
        # allauth's pages alone; its templates are Django's.
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "wiring" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": [*_CONTEXT, "clearbill.wiring.branding.door"]},
    },
]

STATIC_URL = "static/"
STATICFILES_DIRS = [
    folder
    for room in ("wiring", "console", "portal")
    if (folder := PACKAGE / room / "static").is_dir()
]
# Served from the package: there is no collectstatic to forget.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = True
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LANGUAGE_COOKIE_NAME = "language"
LOCALE_PATHS = [PACKAGE / "locale"]

CACHES = {
    "default": {
        # In the database: rate limits must count the tries of all processes.
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "clearbill_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

AUTH_USER_MODEL = "records.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "clearbill.wiring.sign_in.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
# Addresses come from staff or the command line, which vouch for them.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _base.scheme
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# A stranger's address gets no mail, and the page says the same as to a known one.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
# Counted in the cache, which is the database's: all processes share them.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/300s/key",
    "reset_password": "20/m/ip,5/h/key",
    "reset_password_from_key": "20/m/ip",
    "change_password": "5/m/user",
    "reauthenticate": "10/m/user",
    "join": "30/m/ip",
}
# A header may say anything: only as many of its addresses are believed as proxies have written.
ALLAUTH_TRUSTED_PROXY_COUNT = proxies(os.environ.get("CLEARBILL_PROXIES") or "0")
PASSWORD_RESET_TIMEOUT = 24 * 3600
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Clearbill"
MFA_TOTP_TOLERANCE = 1
MFA_PASSKEY_LOGIN_ENABLED = True
# Browsers offer passkeys on https, and on localhost, where the demo and the tests are.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _SECURE

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if _SECURE else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _SECURE else None
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
_mail = mail(os.environ.get("EMAIL_URL") or "smtp://localhost:25")
EMAIL_HOST = _mail.host
EMAIL_PORT = _mail.port
EMAIL_HOST_USER = _mail.user
EMAIL_HOST_PASSWORD = _mail.password
EMAIL_USE_SSL = _mail.implicit_tls
EMAIL_USE_TLS = _mail.start_tls
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = (
    os.environ.get("CLEARBILL_MAIL_FROM") or f"billing@{_base.hostname or 'localhost'}"
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Who answers tickets of staff; without it they are kept, and nobody is mailed.
CLEARBILL_OPERATOR_MAIL = os.environ.get("CLEARBILL_OPERATOR_MAIL") or ""
# The folder where the demo keeps its mails; set by `clearbill demo` for its own web server alone.
CLEARBILL_MAILBOX = os.environ.get("CLEARBILL_MAILBOX") or ""

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""
PROCRASTINATE_IMPORT_PATHS = [
    module.name
    for module in pkgutil.iter_modules(clearbill.jobs.__path__, prefix="clearbill.jobs.")
]

LOGGING = logs.configuration(os.environ.get("CLEARBILL_LOG") or "WARNING")
