"""A real cluster on one machine: three systemd hosts, Kubernetes' own daemons, etcd, containerd and docker.

`python -m lab up` builds and starts it, `down` removes it, `break FAULT` and `heal FAULT` spoil and mend it. It needs
root on Linux with cgroups; see docs/lab.md.
"""
