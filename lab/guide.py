"""The half of 2015: what the cluster of that year kept in etcd's v2 API, containers run by docker, and flannel."""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import urlencode

from lab import plan
from lab.hosts import execute, shell
from lab.plan import MASTER, NODES
from lab.shell import say

TREE: Final = plan.SOURCE / "guide.json"
"""Key -> value, as a cluster of Kubernetes 0.15 had them; written by us after the guide's listing."""

NETWORK_KEY: Final = "/coreos.com/network/config"
"""Where flannel reads what it may hand out; today's in v3, whereas the tree's is in v2."""


def load() -> None:
    say("the guide's tree into etcd's v2 API")
    for key, value in json.loads(TREE.read_text()).items():
        text = value if isinstance(value, str) else json.dumps(value)
        url = f"http://{MASTER.address}:4001/v2/keys{key}"
        execute(MASTER, ["curl", "-sS", "--fail", "-L", "-X", "PUT", "--data", urlencode({"value": text}), url])
    network = {"Network": plan.FLANNEL_NETWORK, "SubnetLen": 24, "Backend": {"Type": "host-gw"}}
    put = f"ETCDCTL_API=3 etcdctl --endpoints=http://127.0.0.1:4001 put {NETWORK_KEY} '{json.dumps(network)}'"
    shell(MASTER, put)
    for node in NODES:
        shell(
            node,
            "docker inspect guide-web >/dev/null 2>&1 || "
            "docker run --detach --name guide-web --restart always --network none busybox:1.36 tail -f /dev/null",
        )
