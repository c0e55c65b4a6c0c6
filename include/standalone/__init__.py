"""The whole pipeline on one machine: an Airflow on SQLite and LocalExecutor, started, used and ended by one command.

``python -m standalone run`` makes one record and ends; ``python -m standalone up`` serves the UI until Ctrl-C. Airflow
is never imported here: it runs as processes of its own and is talked to over REST, its log files and its metadata file,
so that whatever it does cannot hang or crash the command that must clean up after it. Modules, in the order of a run:

    errors       what ends a command
    request      the user's SNAPSHOT=, MONTH=, ... -> what is asked for, or a refusal before anything is started
    state        the folder .strata/: where everything is kept, and who uses it now
    plain_paths  names for folders that Airflow can stand
    variables    the environment that makes Airflow ours: all settings, no airflow.cfg
    database     the SQLite file of Airflow's metadata, made once
    watchdog     a small process that starts Airflow's components and ends them, whatever happens
    processes    the watchdog seen from the command, and what a killed one left behind
    rest         Airflow's REST API
    demo         the generated snapshot
    service      a running Airflow: started or borrowed, with the DAG parsed
    task_logs    task log files: how far a task is, why it failed
    status       task states and progress lines -> one line that says how far the run is
    display      that line on a terminal or in a pipe
    follow       from the trigger to the end of one DAG run
    ending       the last words: the record and its findings, or the failed task's own error
    run          the two commands
"""
