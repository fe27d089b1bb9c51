"""Athena's API on moto, its statements executed by Trino.

`sql` reads a statement into a plan or refuses it, `executor` carries plans out, `backend` keeps executions,
`api` speaks Athena's wire format. `install` puts all of it into moto.
"""

from infra.local.athena.api import install

__all__ = ["install"]
