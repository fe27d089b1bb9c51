"""Carries plans out: one method per plan operation. Queries, changes of rows and Iceberg tables; the rest by mixins."""

from typing import Any

from botocore.exceptions import ClientError
from moto.athena import models

from infra.local import faults
from infra.local.athena import catalog, types
from infra.local.athena.errors import QueryFailed, asked_for, hive_ddl_failed
from infra.local.athena.execution import Execution, Output
from infra.local.athena.executor_ddl import DdlOperations
from infra.local.athena.executor_partitions import PartitionOperations
from infra.local.athena.executor_show import ShowOperations
from infra.local.athena.sql import plan as plan_of
from infra.local.athena.sql.create import ICEBERG_PROPERTIES, extra_properties
from infra.local.athena.sql.text import HIVE, ICEBERG, Name, Plan, array, literal, quote
from infra.local.athena.trino_client import TrinoClient, TrinoResult

# What Athena documents as the default of vacuum_max_snapshot_age_seconds: five days.
_DEFAULT_SNAPSHOT_AGE_S = 432_000


class Executor(DdlOperations, PartitionOperations, ShowOperations):
    """Runs one execution's plan."""

    def __init__(self, backend: models.AthenaBackend, execution: Execution, trino: TrinoClient) -> None:
        self.backend = backend
        self.execution = execution
        self.trino = trino

    def run(self, plan: Plan) -> Output:
        """Raises: QueryFailed: also when a fault was asked for this kind of statement."""
        rule = faults.take("athena", plan.substatement, f"{self.execution.workgroup.name} {self.execution.query}")
        if rule is not None:
            rule.hold()
            if rule.fault.code:
                raise asked_for(rule.fault)
        output: Output = getattr(self, plan.operation)(**plan.arguments)
        return output

    def query(self, sql: str) -> Output:
        return Output.of_query(self.on_engine(self._with_parameters(sql)))

    def change_rows(self, sql: str, iceberg_target: Name | None = None) -> Output:
        if iceberg_target is not None:
            self._require_iceberg(iceberg_target)
        return self._counted(self.on_engine(self._with_parameters(sql)))

    def explain(self, sql: str, iceberg_target: Name | None = None) -> Output:
        if iceberg_target is not None:
            self._require_iceberg(iceberg_target)
        lines = [line for row in self.on_engine(sql).rows for line in str(row[0]).split("\n")]
        return Output([types.string_column("Query Plan", "varchar")], [[line] for line in lines], has_header=True)

    def maintain(self, sql: str, iceberg_target: Name) -> Output:
        self._require_iceberg(iceberg_target)
        self.on_engine(sql)
        return Output()

    def vacuum(self, target: Name) -> Output:
        """Expire snapshots older than the table's own setting, then remove files that nothing refers to."""
        if not catalog.is_iceberg(self.require_table(target)):
            raise QueryFailed("NOT_SUPPORTED: VACUUM is only supported for Iceberg tables")
        database, name = self.execution.name_of(target)
        settings = f"SELECT key, value FROM {ICEBERG}.{quote(database)}.{quote(name + '$properties')}"
        properties = {row[0]: row[1] for row in self.on_engine(settings).rows}
        age_s = int(properties.get("vacuum_max_snapshot_age_seconds", _DEFAULT_SNAPSHOT_AGE_S))
        for procedure in ("expire_snapshots", "remove_orphan_files"):
            self.on_engine(
                f"ALTER TABLE {self.iceberg_name(target)} EXECUTE {procedure}(retention_threshold => '{age_s}s')"
            )
        return Output()

    def prepare(self, name: str, sql: str) -> Output:
        self.backend.create_prepared_statement(name, self.execution.workgroup.name, sql, "")
        return Output()

    def deallocate(self, name: str) -> Output:
        self.backend.prepared_statements.pop((self.execution.workgroup.name, name), None)
        return Output()

    def execute(self, name: str, sql: str) -> Output:
        workgroup = self.execution.workgroup.name
        statement = self.backend.prepared_statements.get((workgroup, name))
        if statement is None:
            raise QueryFailed(f"PreparedStatement {name} was not found in workGroup {workgroup}")
        inner = plan_of(statement.query_statement, self.execution.database)
        self.execution.plan.substatement = inner.substatement
        parameters = self.execution.execution_parameters
        if parameters and " using " not in sql.lower():
            sql = f"EXECUTE {name} USING {', '.join(parameters)}"
        result = self.on_engine(sql, prepared={name: inner.arguments["sql"]})
        return Output.of_query(result) if inner.operation == "query" else self._counted(result)

    def create_table_as(
        self, sql: str, query: str, iceberg: bool, location: str | None, session: dict[str, str]
    ) -> Output:
        if iceberg:
            for column in self._columns_of(query):
                refusal = types.iceberg_refusal(column["type"], column["name"])
                if refusal:
                    raise QueryFailed(refusal)
        target = location or f"{self.execution.base_location}tables/{self.execution.id}"
        statement = sql.replace("%LOCATION%", literal(target.rstrip("/") + "/"))
        return self._counted(self.on_engine(statement, session=session))

    def create_view(self, target: Name, sql: str, query: str) -> Output:
        for column in self._columns_of(query):
            refusal = types.view_refusal(column["type"], column["name"])
            if refusal:
                raise QueryFailed(refusal)
        self.on_engine(sql)
        catalog.describe_view(*self.execution.name_of(target))
        return Output()

    def create_iceberg_table(self, facts: dict[str, Any]) -> Output:
        for column in facts["columns"]:
            if column["type"] in ("tinyint", "smallint") or column["type"].startswith("char"):
                raise QueryFailed(f"NOT_SUPPORTED: Type not supported for Iceberg: {column['type']}")
        properties = {key: value for key, value in facts["properties"].items() if key != "table_type"}
        _require_known_properties(properties)
        written = [
            f"location={literal(facts['location'].rstrip('/'))}",
            f"format='{properties.pop('format', 'PARQUET').upper()}'",
        ]
        properties.pop("write_compression", None)
        if facts["transforms"]:
            written.append(f"partitioning={array(facts['transforms'])}")
        if properties:
            written.append(extra_properties(properties))
        columns = ", ".join(_engine_column(column) for column in facts["columns"])
        exists = "IF NOT EXISTS " if facts["if_not_exists"] else ""
        comment = f" COMMENT {literal(facts['comment'])}" if facts["comment"] else ""
        name = self.iceberg_name(facts["target"])
        self.on_engine(f"CREATE TABLE {exists}{name} ({columns}){comment} WITH ({', '.join(written)})")
        return Output()

    def unload(self, query: str, destination: str, options: dict[str, Any]) -> Output:
        """UNLOAD by way of an external table, in a database of its own, that lives as long as the statement."""
        helper = f"__unload_{self.execution.id.replace('-', '')}"
        written = [
            f"external_location={literal(destination.rstrip('/') + '/')}",
            f"format='{options.get('format', 'PARQUET').upper()}'",
        ]
        if options.get("partitioned_by"):
            written.append(f"partitioned_by={array(options['partitioned_by'])}")
        if options.get("field_delimiter"):
            written.append(f"textfile_field_separator={literal(options['field_delimiter'])}")
        compression = options.get("compression")
        session = {f"{HIVE}.compression_codec": compression.upper()} if compression else None
        glue = catalog.client("glue")
        glue.create_database(DatabaseInput={"Name": helper})
        try:
            create = f"CREATE TABLE {HIVE}.{helper}.unloaded WITH ({', '.join(written)}) AS {query}"
            result = self.on_engine(create, session=session)
        finally:
            glue.delete_database(Name=helper)
        self._write_manifest(destination)
        return self._counted(result)

    def on_engine(self, sql: str, **options: Any) -> TrinoResult:
        return self.execution.run_on(self.trino, sql, **options)

    def iceberg_name(self, target: Name) -> str:
        database, name = self.execution.name_of(target)
        return f"{ICEBERG}.{quote(database)}.{quote(name)}"

    def require_table(self, target: Name) -> catalog.Table:
        database, name = self.execution.name_of(target)
        table = catalog.find_table(database, name)
        if table is None:
            raise hive_ddl_failed(f"SemanticException [Error 10001]: Table not found {database}.{name}")
        return table

    def _columns_of(self, query: str) -> list[dict[str, Any]]:
        """The query's columns; the query itself does not run."""
        return self.on_engine(f"SELECT * FROM (\n{query}\n) LIMIT 0").columns

    def _require_iceberg(self, target: Name) -> None:
        table = catalog.find_table(*self.execution.name_of(target))
        if table is None or catalog.is_iceberg(table):
            return
        if catalog.is_view(table):
            raise QueryFailed("NOT_SUPPORTED: Updating views is not supported")
        raise QueryFailed("NOT_SUPPORTED: Modifying Hive table rows is only supported for transactional tables")

    def _with_parameters(self, sql: str) -> str:
        parameters = self.execution.execution_parameters
        return f"EXECUTE IMMEDIATE {literal(sql)} USING {', '.join(parameters)}" if parameters else sql

    def _counted(self, result: TrinoResult) -> Output:
        self.execution.update_count = result.update_count or 0
        return Output.of_count()

    def _write_manifest(self, destination: str) -> None:
        s3 = catalog.client("s3")
        bucket, prefix = models.bucket_and_name_from_url(destination.rstrip("/") + "/")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        files = [f"s3://{bucket}/{item['Key']}\n" for page in pages for item in page.get("Contents", [])]
        manifest_bucket, key = models.bucket_and_name_from_url(self.execution.manifest_location)
        s3.put_object(Bucket=manifest_bucket, Key=key, Body="".join(files).encode())

    def drop_any_table(self, database: str, table: catalog.Table) -> None:
        if catalog.is_iceberg(table):
            try:
                self.on_engine(f"DROP TABLE {ICEBERG}.{quote(database)}.{quote(table['Name'])}")
            except QueryFailed as error:
                # The data are gone already: what is left is the catalog's entry.
                if "ICEBERG_" not in error.message and "NOT_FOUND" not in error.message:
                    raise
            else:
                return
        try:
            catalog.client("glue").delete_table(DatabaseName=database, Name=table["Name"])
        except ClientError as error:
            if catalog.error_code(error) != "EntityNotFoundException":
                raise


def _engine_column(column: dict[str, Any]) -> str:
    comment = f" COMMENT {literal(column['comment'])}" if column["comment"] else ""
    return f"{quote(column['name'])} {types.trino_type(column['type'], iceberg=True)}{comment}"


def _require_known_properties(properties: dict[str, str]) -> None:
    unknown = [key for key in properties if key not in ICEBERG_PROPERTIES]
    if unknown:
        raise hive_ddl_failed(f"Unsupported table property key: {unknown[0]}")
