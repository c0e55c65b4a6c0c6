#!/bin/sh
# What the image starts. Airflow's chart and KubernetesExecutor name the program, as Airflow's own image wants it
# (`airflow scheduler`, `python -m ...`, `bash -c ...`), and the chart's probes call /entrypoint by this name; compose
# leaves `airflow` away. dumb-init hands signals on, which a shell as process 1 would not.
case "${1:-}" in
    airflow | python | bash | sh) ;;
    *) set -- airflow "$@" ;;
esac
exec dumb-init -- "$@"
