"""Athena SQL as plans: pure text work. `plan` classifies a statement, refuses it or translates it for the engine."""

from infra.local.athena.sql.statements import plan

__all__ = ["plan"]
