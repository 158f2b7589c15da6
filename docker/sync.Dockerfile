# tiebreak: dashboard, webhooks and runners. No torch.
FROM python:3.11.11-slim-bookworm AS build
ARG PIP_EXTRA_INDEX_URL
WORKDIR /build
COPY requirements/sync.txt requirements/sync.txt
RUN python -m venv /opt/tiebreak \
    && /opt/tiebreak/bin/pip install --no-cache-dir --disable-pip-version-check -r requirements/sync.txt
COPY pyproject.toml README.md LICENSE ./
COPY label_config label_config
COPY sync sync
RUN /opt/tiebreak/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation . \
    && rm /opt/tiebreak/bin/tiebreak-ml

FROM python:3.11.11-slim-bookworm
RUN useradd --uid 10001 --no-create-home --home-dir /data tiebreak \
    && install -d -o tiebreak -g tiebreak /data
COPY --from=build /opt/tiebreak /opt/tiebreak
ENV PATH=/opt/tiebreak/bin:$PATH PYTHONUNBUFFERED=1
USER tiebreak
WORKDIR /data
CMD ["tiebreak", "--help"]
