#!/usr/bin/env bash
# Runs a command beside three hosts, h1 to h3, that have real SSH servers:
#   test/clusters/ssh.sh COMMAND...
# Each is a network namespace of this machine with an address, a host name and a cache directory of its own. $GOPAR_TEST_SSH is an
# ssh configuration that reaches them; "ip link set gpv1 down" cuts h1 off. Needs root, on Debian or Ubuntu; installs what is
# missing. Whatever it starts is ended with the command.
set -euo pipefail

hosts=3
net=${SSH_NET:-10.78.0} # of the hosts, which are .11, .12, …

if [ "$(id -u)" != 0 ]; then
  echo "$0 makes network namespaces: run it as root" >&2
  exit 1
fi
if ! command -v sshd ssh ip >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openssh-server openssh-client iproute2 >/dev/null
fi

dir=$(mktemp -d "${TMPDIR:-/tmp}/gopar-ssh.XXXXXX")
chmod 755 "$dir"

# down ends the servers with what they have started, and removes the network.
down() {
  local i pid
  for i in $(seq "$hosts"); do
    for pid in $(ip netns pids "gph$i" 2>/dev/null); do kill -KILL "$pid" 2>/dev/null || true; done
    ip netns del "gph$i" 2>/dev/null || true
  done
  ip link del gpbr 2>/dev/null || true
  rm -rf "$dir"
}
trap down EXIT

mkdir -p /run/sshd
for key in key hostkey; do ssh-keygen -q -t ed25519 -N '' -f "$dir/$key"; done
cp "$dir/key.pub" "$dir/authorized_keys"
chmod 600 "$dir/authorized_keys"
hostkey=$(cut -d' ' -f1,2 "$dir/hostkey.pub")

ip link add gpbr type bridge
ip addr add "$net.1/24" dev gpbr
ip link set gpbr up
for i in $(seq "$hosts"); do
  address=$net.$((10 + i))
  ip netns add "gph$i"
  ip link add "gpv$i" type veth peer name eth0 netns "gph$i"
  ip link set "gpv$i" master gpbr up
  ip -n "gph$i" addr add "$address/24" dev eth0
  ip -n "gph$i" link set eth0 up
  ip -n "gph$i" link set lo up
  mkdir "$dir/cache.$i"
  cat >"$dir/sshd.$i.conf" <<CONF
ListenAddress $address
Port 22
PidFile $dir/sshd.$i.pid
HostKey $dir/hostkey
AuthorizedKeysFile $dir/authorized_keys
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UsePAM no
MaxStartups 100:30:200
SetEnv XDG_CACHE_HOME=$dir/cache.$i
CONF
  ip netns exec "gph$i" unshare --uts sh -c "hostname h$i; exec /usr/sbin/sshd -f '$dir/sshd.$i.conf' -E '$dir/sshd.$i.log'"
  echo "h$i $hostkey" >>"$dir/known_hosts"
  printf 'Host h%d\n  HostName %s\n  HostKeyAlias h%d\n' "$i" "$address" "$i" >>"$dir/ssh_config"
done
cat >>"$dir/ssh_config" <<CONF
Host *
  User root
  IdentityFile $dir/key
  IdentitiesOnly yes
  UserKnownHostsFile $dir/known_hosts
  StrictHostKeyChecking yes
CONF

for i in $(seq "$hosts"); do
  ready=
  for _ in $(seq 100); do
    ssh -F "$dir/ssh_config" -o BatchMode=yes "h$i" true 2>/dev/null && ready=yes && break
    sleep 0.1
  done
  if [ -z "$ready" ]; then
    echo "h$i does not come up" >&2
    tail -5 "$dir/sshd.$i.log" >&2
    exit 1
  fi
done

GOPAR_TEST_SSH="$dir/ssh_config" "$@"

for i in $(seq "$hosts"); do
  # The server itself is left, and nothing else.
  left=$(ip netns pids "gph$i" | grep -vx "$(<"$dir/sshd.$i.pid")" || true)
  if [ -n "$left" ]; then
    echo "h$i has processes left:" >&2
    # shellcheck disable=SC2086 # a list of pids
    ps -fp $left >&2
    exit 1
  fi
done
