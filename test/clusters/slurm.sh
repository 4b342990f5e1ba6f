#!/usr/bin/env bash
# Runs a command beside a real Slurm of four nodes, all on the loopback interface of this machine:
#   test/clusters/slurm.sh COMMAND...
# $SLURM_CONF tells the command where it is. Needs root, on Debian or Ubuntu; installs what is missing. Whatever it starts is
# ended with the command, and its files are in a temporary directory.
set -euo pipefail

nodes=4
port=${SLURM_PORT:-26817} # of the controller; the nodes have the next ones

if [ "$(id -u)" != 0 ]; then
  echo "$0 starts the daemons of Slurm: run it as root" >&2
  exit 1
fi
if ! command -v slurmctld slurmd sbatch munged >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurmctld slurmd slurm-client munge >/dev/null
fi

dir=$(mktemp -d "${TMPDIR:-/tmp}/gopar-slurm.XXXXXX")
chmod 755 "$dir"
mkdir -p "$dir"/{munge,state,spool,log}
chmod 755 "$dir/munge"

# down ends the daemons that this script has started, the nodes first.
down() {
  local file pid
  for file in "$dir"/slurmd.*.pid "$dir"/slurmctld.pid "$dir"/munge/pid; do
    [ -s "$file" ] || continue
    pid=$(<"$file")
    kill "$pid" 2>/dev/null || continue
    for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  done
  rm -rf "$dir"
}
trap down EXIT

dd if=/dev/urandom of="$dir/munge/key" bs=1024 count=1 status=none
chmod 400 "$dir/munge/key"
munged --key-file="$dir/munge/key" --socket="$dir/munge/sock" --pid-file="$dir/munge/pid" \
  --log-file="$dir/munge/log" --seed-file="$dir/munge/seed" --num-threads=2

{
  cat <<CONF
ClusterName=gopar
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge/sock
CredType=cred/munge
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.%n.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=100000
MpiDefault=none
ReturnToService=2
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
KillWait=2
MinJobAge=300
SlurmdParameters=config_overrides
MailProg=/bin/true
CONF
  for i in $(seq "$nodes"); do
    echo "NodeName=n$i NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=$((port + i)) CPUs=4 RealMemory=1024 State=UNKNOWN"
  done
  echo "PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE State=UP"
  echo "PartitionName=short Nodes=n1 MaxTime=5 State=UP"
} >"$dir/slurm.conf"
# slurmd initialises a cgroup plugin even if none is used; "disabled" is known from 23.11 on.
case "$(slurmctld -V)" in
*" 2"[0-2].* | *" 23.02"*) echo CgroupPlugin=cgroup/v1 ;;
*) echo CgroupPlugin=disabled ;;
esac >"$dir/cgroup.conf"

export SLURM_CONF="$dir/slurm.conf"
slurmctld -c -f "$SLURM_CONF"
for i in $(seq "$nodes"); do
  mkdir -p "$dir/spool/n$i"
  slurmd -N "n$i" -f "$SLURM_CONF"
done
for _ in $(seq 200); do
  [ "$(sinfo -h -N -p debug -t idle -o %N 2>/dev/null | sort -u | wc -l)" = "$nodes" ] && ready=yes && break
  sleep 0.1
done
if [ -z "${ready:-}" ]; then
  echo "the nodes do not come up" >&2
  tail -5 "$dir"/log/*.log >&2
  exit 1
fi

"$@"

left=$(squeue -h -o '%i %j %T')
if [ -n "$left" ]; then
  printf 'jobs are left behind:\n%s\n' "$left" >&2
  exit 1
fi
