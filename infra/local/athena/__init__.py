"""Athena's API on moto, its statements executed by Trino.

`sql` reads a statement into a plan or refuses it, `executor` carries plans out, `backend` keeps executions,
`api` speaks Athena's wire format. `install` puts all of it into moto; `asking` and `workgroup_of` tell whose queries
run, and where.
"""

from infra.local.athena.api import install
from infra.local.athena.backend import asking, workgroup_of

__all__ = ["asking", "install", "workgroup_of"]
