# The refresh loop: dbt. Its build context is build/images/refresh.tar (`make package`).
# PYTHON_IMAGE: python:3.13-slim with its digest, python:3.13-slim@sha256:…
ARG PYTHON_IMAGE
FROM ${PYTHON_IMAGE}
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp \
    DBT_PROFILES_DIR=/app/dbt_project DBT_TARGET_PATH=/tmp/target DBT_LOG_PATH=/tmp/logs
WORKDIR /app
COPY infra/release/refresh.lock requirements.lock
RUN pip install --no-cache-dir --no-compile --no-deps --require-hashes -r requirements.lock
COPY dbt_project.yml .
COPY dbt_project dbt_project
USER 10001:10001
# The one place that can be written; declared here, it keeps its mode when a task mounts its own.
VOLUME /tmp
# No health check: the loop ends when it can't go on, and the alarms marts-stale-… ring when it does nothing.
CMD ["python", "-m", "dbt_project.refresh"]
