"""Where the API server is and who one is there: kubeconfig files as kubectl merges them, or a Pod's service account.

Files are read; nothing is contacted or run. A fault is a KdiagError that says what to do about it.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from bot.config.clusters import Api
from rules.errors import KdiagError
from rules.schema import Loader

SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
MAX_FILE_BYTES: Final = 8 << 20
"""No kubeconfig, token or certificate is as large as this."""


@dataclass(frozen=True, slots=True)
class ExecPlugin:
    """A program that prints an ExecCredential."""

    api_version: str
    command: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    provide_cluster: bool
    interactive: str
    hint: str


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """Who one is. Secrets: never shown, hence without a repr."""

    certificate: bytes | None = None
    key: bytes | None = None
    token: str = ""
    token_file: Path | None = None
    username: str = ""
    password: str = ""
    plugin: ExecPlugin | None = None
    impersonate: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """Everything that a client needs to know about one API server."""

    name: str
    server: str
    ca: bytes | None = None
    insecure: bool = False
    server_name: str = ""
    proxy: str = ""
    namespace: str = ""
    credentials: Credentials = field(default_factory=Credentials, repr=False)


def access(api: Api, context: str = "") -> Access:
    """The access that settings and the environment describe. KdiagError when there is none, or it is incomplete."""
    if api.in_cluster:
        return _in_cluster()
    paths = [api.kubeconfig] if api.kubeconfig else _default_paths()
    present = [path for path in paths if path.is_file()]
    if not present:
        if not api.kubeconfig and not os.environ.get("KUBECONFIG") and os.environ.get("KUBERNETES_SERVICE_HOST"):
            return _in_cluster()
        where = ", ".join(str(path) for path in paths)
        raise KdiagError(f"no cluster to ask: there is no kubeconfig ({where}); give --context, --config or --dump DIR")
    return _Kubeconfig([(path, _load(path)) for path in present]).access(context or api.context)


def contexts(api: Api) -> list[str]:
    """The names of the contexts that the kubeconfig has, in its order; [] without one."""
    paths = [api.kubeconfig] if api.kubeconfig else _default_paths()
    found = _Kubeconfig([(path, _load(path)) for path in paths if path.is_file()])
    return list(found.entries("contexts"))


def _default_paths() -> list[Path]:
    named = os.environ.get("KUBECONFIG", "")
    paths = [Path(each).expanduser() for each in named.split(os.pathsep) if each]
    return paths or [Path.home() / ".kube" / "config"]


def _in_cluster() -> Access:
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST", ""), os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    token, ca = SERVICE_ACCOUNT / "token", SERVICE_ACCOUNT / "ca.crt"
    if not host or not token.is_file():
        raise KdiagError(f"not in a Pod with a service account: no KUBERNETES_SERVICE_HOST, or no {token}")
    shown = f"[{host}]" if ":" in host else host
    return Access(
        "in-cluster",
        f"https://{shown}:{port}",
        ca=_read(ca) if ca.is_file() else None,
        namespace=_read(SERVICE_ACCOUNT / "namespace").decode().strip()
        if (SERVICE_ACCOUNT / "namespace").is_file()
        else "",
        credentials=Credentials(token_file=token),
    )


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise KdiagError(f"{path} is too large to be what it should be")
        return path.read_bytes()
    except OSError as error:
        raise KdiagError(f"cannot read {path}: {error.strerror or error}") from error


def _load(path: Path) -> Mapping[str, Any]:
    try:
        content = yaml.load(_read(path), Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise KdiagError(f"{path} is not valid YAML" + (f" (line {mark.line + 1})" if mark else "")) from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise KdiagError(f"{path} is not a kubeconfig")
    return content


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


class _Kubeconfig:
    """Several files merged as kubectl does: of one name the first file's entry counts, whole."""

    def __init__(self, files: Sequence[tuple[Path, Mapping[str, Any]]]) -> None:
        self._files = files

    def entries(self, kind: str) -> dict[str, tuple[Mapping[str, Any], Path]]:
        """name -> (content, folder that its relative paths start from) of clusters, users or contexts."""
        found: dict[str, tuple[Mapping[str, Any], Path]] = {}
        for path, content in self._files:
            listed = content.get(kind)
            for each in listed if isinstance(listed, list) else ():
                name = _text(_mapping(each).get("name"))
                if name:
                    found.setdefault(name, (_mapping(_mapping(each).get(kind[:-1])), path.parent))
        return found

    def _current(self) -> str:
        return next((name for _, content in self._files if (name := _text(content.get("current-context")))), "")

    def access(self, wanted: str) -> Access:
        all_contexts = self.entries("contexts")
        name = wanted or self._current()
        where = ", ".join(str(path) for path, _ in self._files)
        if not name:
            raise KdiagError(
                f"{where} has no current context; give --context ({', '.join(all_contexts) or 'it has none'})"
            )
        if name not in all_contexts:
            near = difflib.get_close_matches(name, all_contexts, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; it has {', '.join(all_contexts) or 'none'}"
            raise KdiagError(f"{where} has no context {name}{hint}")
        context, _ = all_contexts[name]
        cluster, folder = self._named("clusters", _text(context.get("cluster")), name)
        user_name = _text(context.get("user"))
        user, user_folder = self._named("users", user_name, name) if user_name else ({}, folder)
        server = _text(cluster.get("server"))
        if not server.startswith(("http://", "https://")):
            raise KdiagError(f"context {name}: its cluster's server {server or 'is missing and'!s} is no http(s) URL")
        return Access(
            name,
            server.rstrip("/"),
            ca=_content(cluster, "certificate-authority", folder),
            insecure=cluster.get("insecure-skip-tls-verify") is True,
            server_name=_text(cluster.get("tls-server-name")),
            proxy=_text(cluster.get("proxy-url")),
            namespace=_text(context.get("namespace")),
            credentials=_credentials(user, user_folder, user_name),
        )

    def _named(self, kind: str, wanted: str, context: str) -> tuple[Mapping[str, Any], Path]:
        found = self.entries(kind).get(wanted)
        if found is None:
            raise KdiagError(
                f"context {context} names the {kind[:-1]} {wanted or '(none)'}, which the kubeconfig has not"
            )
        return found


def _content(section: Mapping[str, Any], name: str, folder: Path) -> bytes | None:
    """PEM bytes of `NAME-data` (base64), else of the file `NAME`."""
    data = _text(section.get(f"{name}-data"))
    if data:
        try:
            return base64.b64decode(data, validate=True)
        except binascii.Error as error:
            raise KdiagError(f"the kubeconfig's {name}-data is not base64") from error
    path = _text(section.get(name))
    return _read(folder / Path(path).expanduser()) if path else None


def _credentials(user: Mapping[str, Any], folder: Path, name: str) -> Credentials:
    certificate, key = _content(user, "client-certificate", folder), _content(user, "client-key", folder)
    if (certificate is None) != (key is None):
        raise KdiagError(f"user {name} has a client certificate without its key, or a key without its certificate")
    token_file = _text(user.get("tokenFile"))
    provider = _mapping(user.get("auth-provider"))
    token = _text(user.get("token")) or _text(_mapping(provider.get("config")).get("id-token"))
    if provider and not token:
        raise KdiagError(f"user {name} logs in by the old auth-provider {provider.get('name')}: use an exec plugin")
    plugin = _mapping(user.get("exec"))
    return Credentials(
        certificate,
        key,
        token,
        folder / Path(token_file).expanduser() if token_file else None,
        _text(user.get("username")),
        _text(user.get("password")),
        _plugin(plugin, folder, name) if plugin else None,
        _impersonation(user),
    )


def _impersonation(user: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    if not _text(user.get("as")):
        return ()
    groups = user.get("as-groups")
    return (
        ("Impersonate-User", _text(user.get("as"))),
        *(("Impersonate-Group", _text(each)) for each in (groups if isinstance(groups, list) else ())),
    )


def _plugin(section: Mapping[str, Any], folder: Path, user: str) -> ExecPlugin:
    command = _text(section.get("command"))
    if not command:
        raise KdiagError(f"user {user}: its exec plugin has no command")
    # Only a path with a slash is relative to the file; a bare name is looked for in PATH.
    if "/" in command and not command.startswith("/"):
        command = str(folder / command)
    arguments, environment = section.get("args"), section.get("env")
    return ExecPlugin(
        _text(section.get("apiVersion")) or "client.authentication.k8s.io/v1beta1",
        command,
        tuple(str(each) for each in (arguments if isinstance(arguments, list) else ())),
        {
            _text(each.get("name")): _text(each.get("value"))
            for each in (environment if isinstance(environment, list) else ())
            if _text(_mapping(each).get("name"))
        },
        section.get("provideClusterInfo") is True,
        _text(section.get("interactiveMode")),
        _text(section.get("installHint")),
    )
