#!/usr/bin/env bash
# Runs a command beside Open MPI and MPICH, mpiexec.openmpi and mpiexec.hydra:
#   test/clusters/mpi.sh COMMAND...
# Installs what is missing, as root on Debian or Ubuntu.
set -euo pipefail

if ! command -v mpiexec.openmpi mpiexec.hydra >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openmpi-bin mpich >/dev/null
fi

"$@"
