#!/usr/bin/env bash
# Checks what a machine must have and prints the Python to use; one sentence with the remedy when something is missing.
set -euo pipefail

fail() { echo "error: $1" >&2; exit 1; }

# Version numbers of Java that Spark 4.1 runs on.
supported_java="17 21"

python=""
for candidate in "${PYTHON:-}" python3.13 python3.12 python3.11 python3; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 \
        && "$candidate" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || fail "no Python 3.11 or newer with venv found: install one (Debian: apt-get install python3 python3-venv) or name it with PYTHON=…"

java="${JAVA_HOME:+$JAVA_HOME/bin/}java"
command -v "$java" >/dev/null 2>&1 || fail "no Java found: install Java 17 or 21 (Debian: apt-get install openjdk-17-jre-headless) or point JAVA_HOME to one"
java_version=$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
case " $supported_java " in
    *" $java_version "*) ;;
    *) fail "Java ${java_version:-of an unknown version} found, but Spark 4.1 runs on 17 or 21: point JAVA_HOME to one of them" ;;
esac

command -v mvn >/dev/null 2>&1 || fail "no Maven found: install it (Debian: apt-get install maven)"
command -v git >/dev/null 2>&1 || fail "no git found: install it (Debian: apt-get install git)"

echo "$python"
