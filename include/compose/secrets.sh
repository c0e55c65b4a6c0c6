#!/bin/sh
# Writes .env with secrets of this installation's own; never overwrites one, as the database was made with its password.
set -eu
cd "$(dirname "$0")/../.."
[ ! -e .env ] || { echo ".env is there already; it is left as it is"; exit 0; }
random() { head -c "$1" /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
umask 077
cat >.env <<ENV
POSTGRES_PASSWORD=$(random 24)
REDIS_PASSWORD=$(random 24)
AIRFLOW_JWT_SECRET=$(random 48)
AIRFLOW_SECRET_KEY=$(random 32)
AIRFLOW_FERNET_KEY=$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n')
STRATA_SENTENCES_SECRET=$(random 32)
AWS_ACCESS_KEY_ID=$(random 10)
AWS_SECRET_ACCESS_KEY=$(random 24)
ENV
echo "wrote .env; keep it: the database and the store were made with it"
