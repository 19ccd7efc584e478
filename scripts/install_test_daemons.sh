#!/bin/sh
# Installs the daemons that the integration tests start on free ports: Debian's sshd and etcd. Needs root.
# Nothing is left running: a policy forbids the packages to start their services.
set -eu

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -q -y --no-install-recommends openssh-server openssh-client etcd-server etcd-client
