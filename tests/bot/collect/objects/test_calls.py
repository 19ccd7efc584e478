"""Whom a Pod calls, as its own spec says, and what follows where nobody is there."""

from __future__ import annotations

from typing import Any

import pytest

from bot.collect.objects.reading_calls import calls
from rules.kinds import Fact
from rules.observations import Observations

from .builders import facts, meta, pod, project, related, running, waiting


def spec(command: str = "", **env: str) -> dict[str, Any]:
    variables = [{"name": name, "value": value} for name, value in env.items()]
    return {"containers": [{"name": "app", "command": ["sh", "-c", command], "env": variables}]}


def missing(observations: Observations) -> list[Fact]:
    return [each for each in facts(observations, "reference") if each["from_kind"] == "pod"]


def hosts(found: dict[str, Any]) -> list[str]:
    return [each.host for each in calls(found)]


@pytest.mark.parametrize(
    ("command", "host"),
    [
        ("until nslookup mydb; do sleep 2; done", "mydb"),
        ("until nc -z -w 2 postgres 5432; do sleep 1; done", "postgres"),
        ("while ! pg_isready -q -h pg.data -p 5432; do :; done", "pg.data"),
        ("curl -sf http://auth:8080/healthz", "auth"),
        ("./wait-for-it.sh mysql:3306 -t 60", "mysql"),
        ("exec app --broker kafka.mq.svc.cluster.local:9092", "kafka.mq.svc.cluster.local"),
        ("until (echo > /dev/tcp/redis/6379); do sleep 1; done", "redis"),
    ],
)
def test_a_command_names_whom_it_calls(command: str, host: str) -> None:
    assert hosts(spec(command)) == [host]


@pytest.mark.parametrize(
    ("name", "value", "host"),
    [
        ("DB_HOST", "postgres", "postgres"),
        ("REDIS_ADDR", "redis:6379", "redis"),
        ("DATABASE_URL", "postgres://app:secret@pg.data:5432/app", "pg.data"),
        ("UPSTREAM", "http://api.shop.svc/v1", "api.shop.svc"),
    ],
)
def test_a_variable_names_whom_it_calls(name: str, value: str, host: str) -> None:
    assert hosts(spec(**{name: value})) == [host]


@pytest.mark.parametrize(
    "found",
    [
        spec("python -m http.server 8080"),
        spec("curl https://api.example.com/v1/"),
        spec("nc -lk -p 8080", LOG_LEVEL="debug", IMAGE="redis:7"),
        spec("wget http://localhost:8080/", DB_HOST="127.0.0.1"),
        spec("nslookup $DB_HOST"),
        {**spec("nslookup mydb"), "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["mydb"]}]},
    ],
)
def test_what_is_no_service_is_not_taken_for_one(found: dict[str, Any]) -> None:
    assert hosts(found) == []


def test_a_waiting_pod_stands_below_the_service_that_it_calls() -> None:
    service = {"kind": "Service", "metadata": meta("mydb"), "spec": {"selector": {"app": "db"}, "ports": [{"port": 1}]}}
    waits = pod("web-0", waiting("PodInitializing"), phase="Pending", spec=spec("nslookup mydb"))
    observations = project(waits, service, listed="pods services namespaces")
    assert ("service shop/mydb", "pod shop/web-0") in related(observations)
    assert missing(observations) == []


def test_a_service_that_is_not_there_is_a_reference() -> None:
    near = {"kind": "Service", "metadata": meta("my-db"), "spec": {"ports": [{"port": 1}]}}
    waits = pod("web-0", waiting("CrashLoopBackOff"), spec=spec("nslookup mydb"))
    (found,) = missing(project(waits, near, listed="pods services"))
    assert (found["to"], found["how"], found["exists"], found["similar"]) == ("shop/mydb", "command", False, "my-db")
    assert missing(project(waits)) == [], "Services that were not listed may be there"


def test_a_domain_is_a_service_only_where_there_is_such_a_namespace() -> None:
    waits = pod("web-0", waiting("CrashLoopBackOff"), spec=spec("curl http://api.data/"))
    data = {"kind": "Namespace", "metadata": meta("data", None)}
    assert missing(project(waits, listed="pods services namespaces")) == []
    (found,) = missing(project(waits, data, listed="pods services"))
    assert found["to"] == "data/api"


def test_a_healthy_pod_tells_nothing() -> None:
    assert missing(project(pod("web-0", running(), spec=spec("nslookup mydb")), listed="pods services")) == []
