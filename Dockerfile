# syntax=docker/dockerfile:1
# One image for both servers: the Rasa server by default, the action server with `actions` as its command.

FROM python:3.11-slim-bookworm AS build
# For packages without a built wheel; they stay in this stage.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends build-essential && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements/ requirements/
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements/python-3.11.txt
COPY . .
# The encoder and the model are built here, so that a server is ready as soon as it has started.
ENV RASA_TELEMETRY_ENABLED=false TF_CPP_MIN_LOG_LEVEL=3
RUN /opt/venv/bin/python -m trialguide setup && rm -rf .rasa

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin trialguide \
    && mkdir /data && chown trialguide /data
COPY --from=build /opt/venv /opt/venv
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
