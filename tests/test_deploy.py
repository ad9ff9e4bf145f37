"""The image, its parts and the proxy speak of the same things."""

from __future__ import annotations

import re
import subprocess
import sys
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
import yaml

from core.project import PROJECT
from tests.replicas import configuration

DOCKERFILE = (PROJECT / "Dockerfile").read_text("utf-8")
STEPS = (PROJECT / "deploy" / "image.sh").read_text("utf-8")
LET_THROUGH = re.findall(r"^!(.+)$", (PROJECT / ".dockerignore").read_text("utf-8"), re.MULTILINE)
COMPOSE = yaml.safe_load((PROJECT / "compose.yml").read_text("utf-8"))
APPS = {name: service for name, service in COMPOSE["services"].items() if name != "proxy"}


def test_the_image_is_made_by_the_steps_that_a_replay_runs() -> None:
    ran = re.findall(r"^RUN (.*)$", DOCKERFILE, re.MULTILINE)
    steps = [re.fullmatch(r"sh deploy/image\.sh (\w+)( /\w+)*( /\w+/\w+)*.*", line) for line in ran]
    assert all(steps)
    named = [step[1] for step in steps if step]
    assert named == ["models", "packages", "app", "check"]
    assert named == re.findall(r"^sh deploy/image\.sh (\w+)", replay(), re.MULTILINE)
    assert set(named) <= set(re.findall(r"^(\w+)\(\) {", STEPS, re.MULTILINE))


def replay() -> str:
    return (PROJECT / "deploy" / "replay.sh").read_text("utf-8")


def test_the_builder_gets_whatever_the_steps_use_and_no_more() -> None:
    assert [name for name in LET_THROUGH if not (PROJECT / name).exists()] == []
    copied = re.findall(r"^  cp -R (.+) \"\$2\"$", STEPS, re.MULTILINE)[0].split()
    assert set(LET_THROUGH) - set(copied) == {
        "Makefile",
        "constraints.txt",
        "requirements.txt",
        "requirements-serve.txt",
        "deploy/image.sh",
    }
    assert set(copied) <= set(LET_THROUGH)


def test_the_full_environment_is_refused_for_serving() -> None:
    command = ["sh", "deploy/image.sh", "check", str(Path(sys.prefix)), str(PROJECT)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "not for serving: ['tensorflow', 'keras', 'torch'" in done.stderr


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_no_container_may_do_more_than_it_has_to(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"] == service["memswap_limit"]
    assert [path.partition(":")[0] for path in service["tmpfs"]] == ["/tmp"]
    assert service.get("user") or re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)


def test_the_proxy_knows_every_replica_and_waits_for_it() -> None:
    conf = (PROJECT / "deploy" / "nginx.conf").read_text("utf-8")
    assert sorted(re.findall(r"^ +server ([\w-]+):8501 ", conf, re.MULTILINE)) == sorted(APPS)
    waits = COMPOSE["services"]["proxy"]["depends_on"]
    assert waits == {name: {"condition": "service_healthy"} for name in APPS}
    networks = COMPOSE["services"]["proxy"]["networks"]
    assert all(list(service["networks"]) == networks for service in APPS.values())
    addresses = {ip_address(service["networks"]["inside"]["ipv4_address"]) for service in APPS.values()}
    subnet = ip_network(COMPOSE["networks"]["inside"]["ipam"]["config"][0]["subnet"])
    assert len(addresses) == len(APPS) and all(address in subnet for address in addresses)
    listens = set(re.findall(r"^ +listen (\d+)", conf, re.MULTILINE))
    assert {port.partition(":")[2] for port in COMPOSE["services"]["proxy"]["ports"]} == listens
    assert "8501" in DOCKERFILE


def test_a_test_cannot_lose_sight_of_a_replica(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        configuration(tmp_path, ["127.0.0.1:1"], (2, 3))
    text = configuration(tmp_path, ["127.0.0.1:1", "127.0.0.1:4"], (2, 3))
    assert [part for part in ("app-", "/etc/", "/dev/", " 8080", " 8443") if part in text] == []
