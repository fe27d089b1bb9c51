"""What only the laptop's Spark needs: Iceberg's jars and path-style S3, in a spark-defaults.conf of its own."""

from infra.local.settings import JARS_DIR, SPARK_CONF_DIR

# Java 17 sizes its heap regions for servers; a small young generation keeps an idle stream small.
JAVA_OPTIONS = "-XX:+UseSerialGC -XX:ReservedCodeCacheSize=192m"
_LOG4J = """\
rootLogger.level = warn
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n%ex
"""


def write() -> None:
    """Write spark-defaults.conf and log4j2.properties to the folder that SPARK_CONF_DIR names."""
    jars = sorted(JARS_DIR.glob("iceberg-*.jar"))
    if len(jars) != 2:
        raise FileNotFoundError(f"expected two Iceberg jars in {JARS_DIR}, found {len(jars)}: run `make setup`")
    properties = {
        # A failed task is tried again, as a cluster does.
        "spark.master": "local[2, 4]",
        "spark.driver.memory": "1g",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.extraClassPath": ":".join(map(str, jars)),
        "spark.sql.catalog.glue_catalog.s3.path-style-access": "true",
        "spark.driver.extraJavaOptions": JAVA_OPTIONS,
    }
    SPARK_CONF_DIR.mkdir(parents=True, exist_ok=True)
    lines = [f"{key} {value}\n" for key, value in properties.items()]
    (SPARK_CONF_DIR / "spark-defaults.conf").write_text("".join(lines))
    (SPARK_CONF_DIR / "log4j2.properties").write_text(_LOG4J)


if __name__ == "__main__":
    write()
