# tiebreak-ml: the model.
# On Linux pip brings torch with its CUDA libraries. For the far smaller CPU build, name PyTorch's own package index:
#   docker compose build --build-arg PIP_EXTRA_INDEX_URL=...
FROM python:3.11.11-slim-bookworm AS build
ARG PIP_EXTRA_INDEX_URL
WORKDIR /build
COPY requirements/ml-backend.txt requirements/ml-backend.txt
RUN python -m venv /opt/tiebreak \
    && /opt/tiebreak/bin/pip install --no-cache-dir --disable-pip-version-check -r requirements/ml-backend.txt
COPY pyproject.toml README.md LICENSE ./
COPY label_config label_config
COPY sync/__init__.py sync/__init__.py
COPY sync/quality sync/quality
COPY ml_backend ml_backend
RUN /opt/tiebreak/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation . \
    && rm /opt/tiebreak/bin/tiebreak

FROM python:3.11.11-slim-bookworm
RUN useradd --uid 10001 --no-create-home --home-dir /data tiebreak \
    && install -d -o tiebreak -g tiebreak /data
COPY --from=build /opt/tiebreak /opt/tiebreak
ENV PATH=/opt/tiebreak/bin:$PATH PYTHONUNBUFFERED=1
USER tiebreak
WORKDIR /data
VOLUME /data
CMD ["tiebreak-ml", "--help"]
