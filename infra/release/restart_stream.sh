#!/usr/bin/env bash
# Let the streaming job's running batch finish, and start the job with the definition that it has now.
# Usage: infra/release/restart_stream.sh <job name>
set -euo pipefail
job=$1

runs() { # the ids of the runs that are not over
    aws glue get-job-runs --job-name "$job" --output text \
        --query "JobRuns[?contains(['STARTING', 'RUNNING', 'STOPPING', 'WAITING'], JobRunState)].Id"
}

for run in $(runs); do
    aws glue batch-stop-job-run --job-name "$job" --job-run-ids "$run" >/dev/null
    echo "stopping: $run"
done
deadline=$((SECONDS + 600))
while [[ -n $(runs) ]]; do
    if ((SECONDS > deadline)); then
        echo "error: $job did not stop within 10 minutes: look at its run in the Glue console" >&2
        exit 1
    fi
    sleep "${POLL_S:-10}"
done
# The job's trigger may have been quicker: then it runs the new definition already.
if ! started=$(aws glue start-job-run --job-name "$job" --query JobRunId --output text 2>&1); then
    [[ $started == *ConcurrentRunsExceededException* ]] || { echo "$started" >&2; exit 1; }
    started="by its trigger"
fi
echo "started: $started"
