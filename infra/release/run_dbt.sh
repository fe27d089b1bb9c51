#!/usr/bin/env bash
# Run a dbt command in the VPC, in a task of its own with the refresh loop's image and role, and end as it ends.
# Usage: infra/release/run_dbt.sh <cluster> <dbt argument>…
set -euo pipefail
cluster=$1
shift

network=$(aws ecs describe-services --cluster "$cluster" --services refresh --output json \
    --query 'services[0].networkConfiguration')
definition=$(aws ecs describe-services --cluster "$cluster" --services refresh --output text \
    --query 'services[0].taskDefinition')
command=$(printf '"%s",' dbt "$@")
task=$(aws ecs run-task --cluster "$cluster" --task-definition "$definition" --launch-type FARGATE \
    --network-configuration "$network" --output text --query 'tasks[0].taskArn' \
    --overrides "{\"containerOverrides\": [{\"name\": \"refresh\", \"command\": [${command%,}]}]}")
echo "started: dbt $* in $task; its lines are in the log group /$cluster/refresh"
aws ecs wait tasks-stopped --cluster "$cluster" --tasks "$task"
code=$(aws ecs describe-tasks --cluster "$cluster" --tasks "$task" --output text \
    --query 'tasks[0].containers[0].exitCode')
if [[ $code != 0 ]]; then
    echo "error: dbt $* ended with $code" >&2
    exit 1
fi
