"""The files under deploy/ are well-formed, give few rights, hold no secret, and only name what gossamer has."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import kubernetes_validate
import msgspec
import psycopg
import pytest
import trustme
import yaml

from gossamer.cli import arguments
from gossamer.demo.server import DemoServer
from gossamer.journals.address import PostgresAddress
from gossamer.journals.connection import open_connection
from gossamer.journals.postgres import PostgresJournal, make_tables
from gossamer.values.cluster import Parcel
from gossamer.values.errors import JournalError
from tests.support.journal_batches import batch, links
from tests.support.postgres import PostgresServer, running_postgres

HOME = Path(__file__).parents[2]
DEPLOY = HOME / "deploy"
PAGE = HOME / "docs" / "how-to" / "deploy-on-a-cluster.md"
COMPOSE = DEPLOY / "compose.yaml"
UNIT = DEPLOY / "systemd" / "gossamer-worker@.service"
SETTINGS = DEPLOY / "postgresql" / "postgresql.conf"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
KUBERNETES = "1.30"
"""The oldest version of Kubernetes that the manifests are checked against."""
OF_RAY = {"RayJob", "RayCluster"}
LOCAL = "host all tests 127.0.0.1/32 trust\n"


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def pods(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the specification of every pod of a file."""
    for document in documents(path):
        if document["kind"] == "Deployment":
            yield document["spec"]["template"]["spec"]
        if document["kind"] == "RayJob":
            cluster = document["spec"]["rayClusterSpec"]
            for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
                yield group["template"]["spec"]


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words of every command line of gossamer in a text, continued lines joined, comments' too."""
    text = re.sub(r"\\\n[#\s]*", " ", text)
    for found in re.findall(r"gossamer (?:crawl|worker|status|resume|export) [^\n`|…]+", text):
        words = shlex.split(found)
        if len(words) > 2:
            yield words[1:]


# ---------------------------------------------------------------- Kubernetes


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_a_manifest_is_what_kubernetes_takes(path: Path) -> None:
    for document in documents(path):
        assert document["metadata"]["namespace"] == "gossamer"
        if document["kind"] not in OF_RAY:
            kubernetes_validate.validate(document, KUBERNETES, strict=True)


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_pods_run_as_an_ordinary_user_and_are_given_time_to_hand_over(path: Path) -> None:
    found = list(pods(path))
    assert found
    for pod in found:
        kubernetes_validate.validate(
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": pod}, KUBERNETES, strict=True
        )
        assert pod["securityContext"]["runAsNonRoot"]
        assert not pod["automountServiceAccountToken"]
        assert pod["terminationGracePeriodSeconds"] >= 60
        for container in pod["containers"]:
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert not container["securityContext"]["allowPrivilegeEscalation"]
            assert {"cpu", "memory"} <= set(container["resources"]["requests"])
            assert "memory" in container["resources"]["limits"]
            assert ":" in container["image"], "an image without a tag may be another one tomorrow"
            mounted = {mount["name"] for mount in container["volumeMounts"]}
            assert mounted == {volume["name"] for volume in pod["volumes"]}


def test_a_probe_sees_whether_the_event_loop_of_a_worker_lives(tmp_path: Path) -> None:
    (pod,) = pods(DEPLOY / "kubernetes" / "worker.yaml")
    (container,) = pod["containers"]
    assert "/tmp/alive" in container["args"]
    (compose,) = documents(COMPOSE)
    shell = container["livenessProbe"]["exec"]["command"]
    assert compose["services"]["worker"]["healthcheck"]["test"][1] == shell[-1]
    shell = [word.replace("/tmp/alive", str(tmp_path / "alive")) for word in shell]
    assert subprocess.run(shell, check=False, capture_output=True).returncode == 1, "it is not there"
    (tmp_path / "alive").touch()
    assert subprocess.run(shell, check=False).returncode == 0
    os.utime(tmp_path / "alive", (time.time() - 61, time.time() - 61))
    assert subprocess.run(shell, check=False).returncode == 1


def test_the_password_comes_from_a_secret_and_the_server_is_verified() -> None:
    for path in MANIFESTS:
        for pod in pods(path):
            for container in pod["containers"]:
                told = {each["name"]: each for each in container["env"]}
                assert "secretKeyRef" in told["PGPASSWORD"]["valueFrom"]
                assert told["PGSSLMODE"]["value"] == "verify-full"


def test_every_pod_of_workers_is_behind_a_network_policy() -> None:
    (worker,) = (each for each in documents(DEPLOY / "kubernetes" / "worker.yaml") if each["kind"] == "Deployment")
    kinds = {each["kind"]: each for each in documents(DEPLOY / "kubernetes" / "worker.yaml")}
    labels = worker["spec"]["template"]["metadata"]["labels"]
    assert kinds["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels
    assert kinds["NetworkPolicy"]["spec"]["ingress"] == []
    assert kinds["PodDisruptionBudget"]["spec"]["selector"] == worker["spec"]["selector"]
    assert labels == worker["spec"]["selector"]["matchLabels"]


def test_ray_has_a_token() -> None:
    (job,) = (each for each in documents(DEPLOY / "kubernetes" / "kuberay.yaml") if each["kind"] == "RayJob")
    assert job["spec"]["rayClusterSpec"]["authOptions"] == {"mode": "token"}
    (words,) = commands(job["spec"]["entrypoint"])
    assert arguments.read(words).place.startswith("ray:auto:")


def test_hadolint_has_nothing_to_say_of_the_image_for_ray() -> None:
    program = shutil.which("hadolint", path=Path(sys.executable).parent) or shutil.which("hadolint")
    if program is None:
        pytest.skip("no hadolint")
    done = subprocess.run(
        [program, DEPLOY / "kubernetes" / "ray.Dockerfile"], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "")


# ---------------------------------------------------------------- compose, systemd


def test_the_compose_file_is_what_the_specification_says() -> None:
    program = Path(sys.executable).parent / "check-jsonschema"
    check = [str(program), "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(check, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_database_of_the_compose_file_is_not_reached_from_outside() -> None:
    (compose,) = documents(COMPOSE)
    database = compose["services"]["postgres"]
    assert "ports" not in database
    assert database["networks"] == ["database"]
    assert compose["networks"]["database"] == {"internal": True}
    assert "scram-sha-256" in database["environment"]["POSTGRES_INITDB_ARGS"]
    assert ":" in database["image"]
    for mount in database["volumes"]:
        source = mount.partition(":")[0]
        assert not source.startswith(".") or (DEPLOY / source).exists()
    assert (DEPLOY / compose["x-gossamer"]["build"]["context"]).resolve() == HOME
    assert (HOME / compose["x-gossamer"]["build"]["args"]["LOCK"]).exists()


def test_docker_compose_reads_the_file() -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("docker compose is not installed")
    done = subprocess.run(
        [docker, "compose", "--file", COMPOSE, "config", "--quiet"], capture_output=True, text=True, check=False,
        env={"GOSSAMER_DATABASE_PASSWORD": "x", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_compose_and_systemd_run_commands_that_gossamer_has() -> None:
    (compose,) = documents(COMPOSE)
    services = compose["services"]
    worker = arguments.read(services["worker"]["command"])
    assert worker.verb == "worker"
    crawl = arguments.read([*services["crawl"]["entrypoint"][1:], "https://example.org/", "-o", "site"])
    assert (crawl.verb, crawl.engine, crawl.place) == ("crawl", "cluster", "none")
    (line,) = re.findall(r"^ExecStart=\S+/gossamer (.+)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    assert arguments.read(shlex.split(line)).verb == "worker"


def test_systemd_takes_the_unit() -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    done = subprocess.run(
        [program, "verify", "--man=no", UNIT], capture_output=True, text=True, check=False, timeout=60
    )
    said = [line for line in (done.stdout + done.stderr).splitlines() if "is not executable" not in line]
    assert [line for line in said if "gossamer" in line] == []


# ---------------------------------------------------------------- commands, secrets


@pytest.mark.parametrize("path", [PAGE, *FILES], ids=lambda path: path.name)
def test_commands_only_have_flags_that_exist(path: Path) -> None:
    for words in commands(path.read_text(encoding="utf-8")):
        arguments.read([word for word in words if word != "…"])


def test_there_are_commands_to_look_at() -> None:
    found = [words[0] for path in (PAGE, *FILES) for words in commands(path.read_text(encoding="utf-8"))]
    assert {"crawl", "worker", "status"} <= set(found)


@pytest.mark.parametrize("path", [PAGE, *FILES], ids=lambda path: path.name)
def test_no_address_of_a_database_holds_a_password(path: Path) -> None:
    for url in re.findall(r"postgresql://[^\s\"'`…]+", path.read_text(encoding="utf-8")):
        PostgresAddress.of(url.rstrip(".,"), "crawl")


# ---------------------------------------------------------------- PostgreSQL


def settings() -> dict[str, str]:
    lines = re.findall(r"^(\w+) = ([^#\n]+)", SETTINGS.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: value.strip().strip("'") for name, value in lines}


def test_postgresql_takes_the_settings(postgres: PostgresServer) -> None:
    assert len(settings()) > 10
    with psycopg.connect(postgres.url) as connection:
        known = {name for (name,) in connection.execute("SELECT name FROM pg_settings")}
    assert set(settings()) - known == set()
    options = [word for name, value in settings().items() for word in ("-c", f"{name}={value}")]
    for name in settings():  # it refuses a value that it cannot read
        postgres._run("postgres", "-D", str(postgres._data), *options, "-C", name)


def test_postgresql_takes_the_rules_of_who_may_connect(postgres: PostgresServer) -> None:
    rules = (DEPLOY / "postgresql" / "pg_hba.conf").read_text(encoding="utf-8")
    assert all("scram-sha-256" in line or "peer" in line for line in rules.splitlines() if line[:1] not in ("#", ""))
    with_it = postgres._data / "pg_hba.conf"
    before = with_it.read_text(encoding="utf-8")
    try:
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            with_it.write_text(rules, encoding="utf-8")
            troubles = connection.execute(
                "SELECT line_number, error FROM pg_hba_file_rules WHERE error <> ''"
            ).fetchall()
    finally:
        with_it.write_text(before, encoding="utf-8")
    assert [trouble for trouble in troubles if "hostssl" not in str(trouble)] == []


def test_a_journal_is_kept_over_verified_tls_with_a_scram_password(tmp_path: Path) -> None:
    """As the page says: hostssl, scram-sha-256 and verify-full, and nothing less gets in."""
    with running_postgres() as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(
                "SET password_encryption = 'scram-sha-256'; CREATE ROLE crawler LOGIN PASSWORD 'open sesame'"
            )
            connection.execute("CREATE DATABASE crawls OWNER crawler")
        authority = trustme.CA()
        authority.cert_pem.write_to_path(tmp_path / "ca.crt")
        certificate = authority.issue_cert("localhost")
        certificate.private_key_pem.write_to_path(server._data / "server.key")
        certificate.cert_chain_pems[0].write_to_path(server._data / "server.crt")
        for name in ("server.key", "server.crt"):
            shutil.copystat(server._data / "pg_hba.conf", server._data / name)
            owner = (server._data / "pg_hba.conf").stat()
            os.chown(server._data / name, owner.st_uid, owner.st_gid)
        (server._data / "pg_hba.conf").write_text(f"hostssl crawls crawler 127.0.0.1/32 scram-sha-256\n{LOCAL}")
        server.stop()
        server._options = {"ssl": "on"}
        server.start()
        secure = f"sslmode=verify-full&sslrootcert={tmp_path / 'ca.crt'}&hostaddr=127.0.0.1"
        address = PostgresAddress.of(f"postgresql://crawler@localhost:{server.port}/crawls?{secure}", "secure")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PGPASSWORD", "open sesame")
            journal = PostgresJournal(address)
            journal.open()
            journal.commit(batch(links(0, 2)), {})
            assert journal.recall([1]) == list(links(1, 1))
            journal.close()
            without = PostgresAddress.of(str(address).replace("verify-full", "disable"), "secure")
            with pytest.raises(JournalError, match="no encryption"):
                PostgresJournal(without).open()
            other = trustme.CA()
            other.cert_pem.write_to_path(tmp_path / "ca.crt")
            with pytest.raises(JournalError, match="certificate verify failed"):
                PostgresJournal(address).open()
        authority.cert_pem.write_to_path(tmp_path / "ca.crt")
        with pytest.raises(JournalError, match="no password supplied"):
            PostgresJournal(address).open()


# ---------------------------------------------------------------- what an operator watches


def queries(schema: str) -> list[str]:
    """Return the queries of the page, for the schema of a crawl."""
    found = re.findall(r"^```sql\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found[0] == "SET search_path = example;\n"
    return [query.replace("example", schema) for query in found]


def test_an_operator_sees_how_a_crawl_stands(postgres: PostgresServer) -> None:
    address = postgres.address()
    with open_connection(address) as connection:
        with connection.transaction():
            make_tables(connection, address, key=1, shards=4)
        connection.execute("INSERT INTO worker (id, node, joined, beat) VALUES ('w1', 'one:1', now(), now())")
        connection.execute("UPDATE shard SET owner = 'w1', epoch = 1, failures = shard WHERE shard IN (0, 1)")
    journal = PostgresJournal(address, shard=1, epoch=1, worker="w1")
    journal.open()
    found, done = links(0, 5), links(0, 2)
    journal.commit(msgspec.structs.replace(batch(found, done), outbox={0: (Parcel(1),), 2: (Parcel(1),)}), {})
    with open_connection(address) as connection:
        connection.execute("UPDATE page SET at = at - 61")
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        first, *others = queries(address.schema)
        connection.execute(first)
        progress, workers, ownerless, failures, mail, silent, space, sessions = (
            connection.execute(query).fetchall() for query in others
        )
    journal.close()
    assert progress == [("run", "", "", 5, 2, 3)]
    assert [(node, count) for node, count, _ in workers] == [("one:1", 2)]
    assert ownerless == [(2,)]
    assert failures == [(1, 1)]
    assert mail == [(2,)]
    assert [(shard, owner) for shard, owner, _ in silent] == [(1, "w1")]
    assert {"page", "chunk", "sent", "shard"} <= {name for name, _ in space}
    assert [(name, count) for name, count, _ in sessions] == [("gossamer:w1", 1)]


@pytest.mark.slow
@pytest.mark.server
def test_a_crawl_as_the_page_says_survives_a_killed_worker(tmp_path: Path) -> None:
    """The role may only make schemas, and needs its password; one of two workers is killed, a third comes."""
    with running_postgres() as server, DemoServer() as site, ExitStack() as stack:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(
                "SET password_encryption = 'scram-sha-256'; CREATE ROLE crawler LOGIN PASSWORD 'open sesame'"
            )
            connection.execute("CREATE DATABASE crawls OWNER crawler")
        (server._data / "pg_hba.conf").write_text(f"host crawls crawler 127.0.0.1/32 scram-sha-256\n{LOCAL}")
        server.stop()
        server.start()

        told = tmp_path / "told.txt"
        said = stack.enter_context(told.open("ab"))

        def start(words: list[str]) -> subprocess.Popen[bytes]:
            there = {"db.example": f"127.0.0.1:{server.port}", "https://example.org/": site.url}
            for name, ours in there.items():
                words = [word.replace(name, ours) for word in words]
            process = subprocess.Popen(
                [sys.executable, "-m", "gossamer", *words], cwd=tmp_path,
                env={**os.environ, "PGPASSWORD": "open sesame", "PYTHONPATH": str(HOME / "src")},
                stdout=said, stderr=said,
            )  # fmt: skip
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        found = commands(PAGE.read_text(encoding="utf-8"))
        crawl, worker = (words for words in found if "db.example" in shlex.join(words))
        command = start([*crawl, "--allow-private", "127.0.0.0/8", "--delay", "0.01", "--no-progress"])
        name = "example"
        with psycopg.connect(server.url.replace("/postgres", "/crawls"), autocommit=True) as connection:

            def until(query: str, patience: float = 60.0) -> None:
                """Wait until a query finds something."""
                given_up_at = time.monotonic() + patience
                while True:
                    with contextlib.suppress(psycopg.errors.UndefinedTable):
                        if connection.execute(query.encode()).fetchone() is not None:
                            return
                    assert time.monotonic() < given_up_at, query
                    assert command.poll() is None, told.read_text(encoding="utf-8")
                    time.sleep(0.1)

            until(f"SELECT FROM {name}.crawl WHERE settings <> ''")
            first, _second = start([*worker, "--alive", "alive"]), start(worker)
            until(f"SELECT FROM {name}.shard HAVING sum(ended) > 20 AND count(DISTINCT owner) = 2")
            _, *queried = queries(name)
            connection.execute(f"SET search_path = {name}")
            for query in queried:
                connection.execute(query.encode())
            assert time.time() - (tmp_path / "alive").stat().st_mtime < 30, "the probe sees a worker that lives"
            first.kill()
            start(worker)
            until(f"SELECT FROM {name}.shard HAVING count(DISTINCT owner) = 2 AND bool_and(owner IS NOT NULL)")
        assert command.wait(120) in (0, 1), told.read_text(encoding="utf-8")  # 1: the site has dead links
        lines = (tmp_path / "site" / "pages.jsonl").read_bytes().splitlines()
        recorded = [msgspec.json.decode(line)["url"] for line in lines]
        assert len(recorded) == len(set(recorded)) > 100
