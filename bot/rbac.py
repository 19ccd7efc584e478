"""The rights that kdiag needs, made from the enabled knowledge: a role for the API, lines for sudoers on hosts."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

import yaml

from bot.collect.joins.components import components
from bot.collect.kube.kinds import needed_kinds
from bot.collect.ssh.certificates import files_in
from bot.collect.ssh.commands import HostCommand, host_commands
from rules.knowledge import Knowledge

NAME: Final = "kdiag"
HEAD: Final = """\
# What kdiag may do, made by `kdiag rbac` from its knowledge: get and list, and logs. It changes nothing.
# Secrets are left out: listing their names cannot be granted without their content. Set `api.secrets: false` with it.
"""
HEAD_SECRETS: Final = """\
# What kdiag may do, made by `kdiag rbac --secrets` from its knowledge: get and list, and logs. It changes nothing.
# Listing Secrets is granted too; of them kdiag asks for names alone, but the role allows their content.
"""
HOSTS: Final = """\
# On hosts (only where kdiag.yaml names them) these commands are run over SSH, each as it stands, none by a shell's
# reading of anything from outside:
#
"""
SUDO: Final = """\
#
# Those that need root, as /etc/sudoers.d/kdiag, for a login without root and with `ssh.sudo: true`:
#
"""


def manifests(knowledge: Knowledge, *, secrets: bool = False) -> str:
    """ServiceAccount, ClusterRole and binding as YAML, and the list of commands as a comment."""
    account = {"kind": "ServiceAccount", "name": NAME, "namespace": NAME}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": NAME}
    documents: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAME}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": NAME, "namespace": NAME}},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": NAME},
            "rules": _rules(knowledge, secrets),
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": NAME},
            "roleRef": role,
            "subjects": [account],
        },
    ]
    body = "---\n".join(yaml.safe_dump(each, sort_keys=False, width=110) for each in documents)
    commands = list(_commands(knowledge))
    shown = "".join(f"#   {_template(each)}\n" for each in commands)
    sudoers = "".join(f"#   {line}\n" for each in commands if each.root for line in _sudoers(each))
    return (HEAD_SECRETS if secrets else HEAD) + "---\n" + body + "---\n" + HOSTS + shown + SUDO + sudoers


def _rules(knowledge: Knowledge, secrets: bool) -> list[dict[str, Any]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for kind in needed_kinds(knowledge).values():
        if kind.kind == "secret" and not secrets:
            continue
        for group in kind.api_groups:
            groups[group].append(kind.resource)
    rules: list[dict[str, Any]] = [
        {"apiGroups": [group], "resources": sorted(resources), "verbs": ["get", "list"]}
        for group, resources in sorted(groups.items())
    ]
    rules.append({"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]})
    rules.append({"nonResourceURLs": ["/version", "/api", "/apis"], "verbs": ["get"]})
    return rules


def _commands(knowledge: Knowledge) -> Iterator[HostCommand]:
    """The commands of the survey, and those that a rule may ask for."""
    wanted = {str(want.attributes.get("what")) for entry in knowledge.entries for want in entry.wants}
    if "containers" in wanted or any(each.when == "host" for each in host_commands().values()):
        wanted.add("container-log")  # read with the list of containers, of those that have ended
    if "certificates" in wanted:
        wanted.add("certificate")  # of each file that was found
    for each in host_commands().values():
        if each.when in ("survey", "host", "instead") or each.want in wanted:
            yield each


def _template(command: HostCommand) -> str:
    return " ".join(word if "{" in word else shlex.quote(word) for word in command.run)


def _sudoers(command: HostCommand) -> Iterator[str]:
    """Lines for sudoers. A wildcard there also matches blanks, so units and files are spelled out one by one."""
    words = [command.path, *command.run[1:]]
    place = next((word for word in words if word.startswith("{")), "")
    for value in _values(place) or [place]:
        yield _sudoer([value if word == place else word for word in words])


def _values(place: str) -> list[str]:
    """What may stand in a place of a command that runs as root."""
    if place == "{unit}":
        known = components()
        return [*known.by_unit, *known.aliases]
    if place in ("{certificate}", "{kubeconfig}"):
        files, kubeconfigs = files_in("\n".join(host_commands()["ls-certificates"].run))
        return files if place == "{certificate}" else kubeconfigs
    return ["[0-9a-f]*"] if place == "{container}" else []


def _sudoer(words: list[str]) -> str:
    # In sudoers `,` `:` `=` and the backslash are written with a backslash.
    escaped = [words[0], *("".join(f"\\{c}" if c in ",:=\\" else c for c in word) for word in words[1:])]
    return f"{NAME} ALL=(root) NOPASSWD: {' '.join(escaped)}"
