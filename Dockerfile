# The image of every process: web (the default command), worker, beat, flower, migrate. It runs with a read-only
# root: what processes write lies in media (certificates) and /tmp.

FROM python:3.12.12-slim AS packages
WORKDIR /packages
RUN python -m venv /venv
COPY requirements*.txt ./
# --build-arg REQUIREMENTS="requirements-observability.txt requirements-s3.txt" adds what is optional.
ARG REQUIREMENTS=requirements.txt
RUN for file in $REQUIREMENTS; do \
    /venv/bin/pip install --no-cache-dir --disable-pip-version-check -r "$file" || exit 1; done

FROM python:3.12.12-slim AS base
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /app
# psql for `manage.py dbshell`; fonts for certificates in every script (courses/fonts.py).
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
    postgresql-client fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji \
    && rm -rf /var/lib/apt/lists/*
EXPOSE 8000

# docker-compose.dev.yml: it has no code of its own, that is mounted. The user must have a name: the tests'
# PostgreSQL does not start for a bare number.
FROM packages AS development-packages
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check -r requirements-dev.txt

FROM base AS development
RUN apt-get update && apt-get install -y --no-install-recommends make redis-server && rm -rf /var/lib/apt/lists/*
ARG UID=1000 GID=1000
RUN groupadd --non-unique --gid "$GID" developer \
    && useradd --non-unique --uid "$UID" --gid "$GID" --create-home developer
COPY --from=development-packages /venv /venv
USER developer

FROM base
RUN useradd --system --uid 10001 --no-create-home app
COPY --from=packages /venv /venv
COPY . .
# Collecting asks no server, so the addresses only have to look like some.
RUN DATABASE_URL=postgres://localhost/none REDIS_URL=redis://localhost/1 DEBUG=1 \
    python manage.py collectstatic --noinput \
    && mkdir media && chown app media
ENV CELERY_BEAT_SCHEDULE_FILENAME=/tmp/celerybeat-schedule
USER app
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --start-interval=1s \
    CMD ["python", "-m", "monitoring.healthcheck"]
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "--worker-tmp-dir", "/dev/shm", "config.wsgi:application"]
