"""`make package`: everything of a release that is uploaded, the same bytes from the same commit.

build/job/            job.py and glue_streaming.zip, for Glue
build/images/         <name>.tar: the build context of an image, its Dockerfile in it
build/saved_queries/  dbt's analyses as plain SQL, for Athena's console
build/SHA256SUMS      of all of them
"""

import argparse
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

REPO_ROOT = Path(__file__).resolve().parents[2]
# What each image is built from, as git knows it: its Dockerfile, and files or whole folders.
CONTEXTS = {
    "dashboard": ("dashboard/Dockerfile", ("dashboard", ".streamlit")),
    "refresh": ("infra/release/refresh.Dockerfile", ("dbt_project", "dbt_project.yml", "infra/release/refresh.lock")),
}
JOB = "glue_streaming"
# The oldest time that a zip can say.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_OF_THE_RUN = {
    "compiled_path",
    "created_at",
    "generated_at",
    "invocation_id",
    "invocation_started_at",
    "run_started_at",
    "user_id",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="package.py", description="Build what a release uploads.")
    parser.add_argument("--output", type=Path, default=REPO_ROOT / "build", help="folder to write to (default build/)")
    output: Path = parser.parse_args().output
    shutil.rmtree(output, ignore_errors=True)
    package_job(output / "job")
    for name in CONTEXTS:
        package_context(name, output / "images" / f"{name}.tar")
    compile_dbt(output / "saved_queries", output / "dbt" / "manifest.json")
    print(write_checksums(output), end="")
    return 0


def package_job(folder: Path) -> None:
    """The job's script, and its package as an archive that Python imports from."""
    folder.mkdir(parents=True)
    shutil.copyfile(REPO_ROOT / JOB / "job.py", folder / "job.py")
    with zipfile.ZipFile(folder / f"{JOB}.zip", "w") as archive:
        for path in tracked_files(JOB):
            entry = zipfile.ZipInfo(path, date_time=_ZIP_TIME)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, (REPO_ROOT / path).read_bytes(), zipfile.ZIP_DEFLATED)


def package_context(name: str, archive: Path) -> None:
    """An image's build context, for `docker build - < archive`."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as context:
        for path, source in context_files(name).items():
            content = (REPO_ROOT / source).read_bytes()
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o644
            context.addfile(entry, io.BytesIO(content))


def context_files(name: str) -> dict[str, str]:
    """What goes into an image's build context, and the file of the repository that it is."""
    dockerfile, parts = CONTEXTS[name]
    files = sorted({path for part in parts for path in tracked_files(part)} - {dockerfile})
    return {"Dockerfile": dockerfile, **{path: path for path in files}}


def tracked_files(part: str) -> list[str]:
    """Files of the commit, so that nothing of a work tree's own slips in."""
    command = ["git", "ls-files", "-z", "--", part]
    found = subprocess.run(command, cwd=REPO_ROOT, check=True, capture_output=True, text=True)
    return sorted(path for path in found.stdout.split("\0") if path)


def compile_dbt(saved_queries: Path, manifest: Path) -> None:
    """dbt's analyses with every reference resolved, and the project's manifest; asks no database anything."""
    with tempfile.TemporaryDirectory() as target:
        command = [str(Path(sys.executable).with_name("dbt")), "compile", "--no-introspect", "--no-populate-cache"]
        command += ["--select", "resource_type:analysis", "--target-path", target]
        command += ["--log-level-file", "none", "--quiet"]
        # A release has the names that are dbt_project's defaults, whatever this shell points to.
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TELCOPULSE_"))}
        environment = {**kept, "AWS_REGION": "eu-west-1", "DBT_PROFILES_DIR": str(REPO_ROOT / "dbt_project")}
        subprocess.run(command, cwd=REPO_ROOT, check=True, env=environment)
        saved_queries.mkdir(parents=True)
        for compiled in (Path(target) / "compiled").rglob("analyses/*.sql"):
            shutil.copyfile(compiled, saved_queries / compiled.name)
        manifest.parent.mkdir(parents=True, exist_ok=True)
        parsed = json.loads((Path(target) / "manifest.json").read_text())
        manifest.write_text(json.dumps(without_run(parsed), sort_keys=True) + "\n")


def without_run(manifest: Any) -> Any:
    """The manifest without what differs from run to run: times, ids and its own folders."""
    if isinstance(manifest, dict):
        return {key: without_run(value) for key, value in manifest.items() if key not in _OF_THE_RUN}
    return [without_run(value) for value in manifest] if isinstance(manifest, list) else manifest


def write_checksums(output: Path) -> str:
    """As `sha256sum` prints them."""
    files = sorted(path for path in output.rglob("*") if path.is_file())
    lines = "".join(f"{_digest(path)}  {path.relative_to(output)}\n" for path in files)
    (output / "SHA256SUMS").write_text(lines)
    return lines


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
