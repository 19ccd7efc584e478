"""`clusters:` of kdiag.yaml: how each cluster, its hosts and its etcd are reached."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from bot.config.section import Section


def _expand(value: object) -> object:
    return Path(value).expanduser() if isinstance(value, (str, Path)) else value


File = Annotated[Path, BeforeValidator(_expand)]
"""A path; `~` is the home directory of whoever runs kdiag."""
Role = Literal["master", "node", "etcd"]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$")]
Unit = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.@:-]{0,119}$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=600)]


class Api(Section):
    """The Kubernetes API. Without any of it: $KUBECONFIG, ~/.kube/config, or the Pod's own service account."""

    enabled: bool = Field(default=True, description="false: a cluster of which only hosts or etcd are asked.")
    kubeconfig: File | None = Field(default=None, description="Path of a kubeconfig; default: as kubectl finds it.")
    context: str = Field(default="", description="Its context; default: the current one.")
    in_cluster: bool = Field(default=False, description="Use the service account of the Pod that kdiag runs in.")
    namespaces: list[Name] = Field(
        default_factory=list, description="Only these namespaces, where a role grants no more; default: all."
    )
    secrets: bool = Field(
        default=True,
        description="List the names of Secrets (never their content). RBAC cannot grant that without their content, "
        "so the role that `kdiag rbac` prints leaves it out: set false with it.",
    )
    concurrency: int = Field(default=8, ge=1, le=64, description="Requests under way at once.")
    page: int = Field(default=500, ge=10, le=5000, description="Objects asked for in one request.")
    timeout_s: Seconds = Field(default=10, description="Patience with one request.")


class Ssh(Section):
    """How hosts are reached over SSH. Without any of it: your ~/.ssh/config, keys and agent, as `ssh` does."""

    enabled: bool = Field(default=True, description="false: never connect to a host.")
    user: str = Field(default="", description="Login name; default: as ~/.ssh/config says, else your own.")
    port: Port | None = Field(default=None, description="Port; default: as ~/.ssh/config says, else 22.")
    keys: list[File] = Field(default_factory=list, description="Private keys; default: ~/.ssh/config, agent, ~/.ssh.")
    agent: bool = Field(default=True, description="Ask the SSH agent for keys.")
    config: File | None = Field(default=None, description="An ssh_config file; default ~/.ssh/config.")
    known_hosts: list[File] = Field(
        default_factory=list,
        description="Files of host keys; default: as ~/.ssh/config says, else ~/.ssh/known_hosts and "
        "/etc/ssh/ssh_known_hosts.",
    )
    jump: str = Field(
        default="", description="[user@]host[:port] to go through, several with commas; default: as ~/.ssh/config says."
    )
    sudo: bool = Field(default=False, description="Use `sudo -n` for commands that need root.")
    connect_timeout_s: Seconds = Field(default=5, description="Patience with connecting and logging in.")
    command_timeout_s: Seconds = Field(default=10, description="Patience with one command.")
    commands_at_once: int = Field(default=4, ge=1, le=10, description="Commands under way on one host.")
    hosts_at_once: int = Field(default=16, ge=1, le=128, description="Hosts asked at once.")


class Host(Section):
    """One machine. A node of the API needs no entry; one that is given is asked in every summary."""

    address: str = Field(default="", description="Address or name to connect to; default: the host's name here.")
    port: Port | None = Field(default=None, description="SSH port, where it differs from `ssh.port`.")
    user: str = Field(default="", description="Login name, where it differs from `ssh.user`.")
    roles: list[Role] = Field(default_factory=list, description="master, node, etcd; default: as its units show.")
    units: list[Unit] = Field(default_factory=list, description="systemd units that must run there.")
    ports: list[Port] = Field(default_factory=list, description="Ports that must be listened on there.")


class Etcd(Section):
    """etcd itself, of which kdiag only reads."""

    endpoints: list[Annotated[str, Field(pattern=r"^https?://[^\s/]+/?$")]] = Field(
        default_factory=list, description="Client URLs, such as https://10.0.0.5:2379."
    )
    ca: File | None = Field(default=None, description="CA certificates (PEM) that its certificate must be signed by.")
    cert: File | None = Field(default=None, description="Client certificate (PEM).")
    key: File | None = Field(default=None, description="Key of the client certificate (PEM).")
    insecure: bool = Field(default=False, description="Do not verify its certificate.")
    user: str = Field(default="", description="User, where etcd has authentication.")
    password_file: File | None = Field(default=None, description="File that holds that user's password.")
    timeout_s: Seconds = Field(default=3, description="Patience with one request.")

    @model_validator(mode="after")
    def _pairs(self) -> Etcd:
        if (self.cert is None) != (self.key is None):
            raise ValueError("cert and key belong together")
        if bool(self.user) != (self.password_file is not None):
            raise ValueError("user and password_file belong together")
        return self


class Cluster(Section):
    """One cluster. A recorded one has `dump` alone."""

    dump: File | None = Field(default=None, description="A recorded cluster instead of a live one.")
    api: Api = Field(default_factory=Api, description="The Kubernetes API.")
    ssh: Ssh = Field(default_factory=Ssh, description="How its hosts are reached.")
    hosts: dict[Name, Host] = Field(default_factory=dict, description="Its machines, by name.")
    etcd: Etcd = Field(default_factory=Etcd, description="Its etcd.")
    budget_s: Seconds = Field(default=20, description="Time for one question, all of it.")
