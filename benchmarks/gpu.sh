#!/bin/bash
# Scans and chains on an accelerator; see gpu.py. The machine there has JAX of its own: bsfit and the packages that it
# lacks travel in build/gpu, all of them Python without compiled parts, or wheels of its version of Python.
set -euo pipefail
cd "$(dirname "$0")/.."
packages=(equinox jaxtyping wadler-lindig optax numpyro multipledispatch tqdm pyyaml)

if [ "${1:-}" = prepare ]; then
  rm -rf build/gpu
  python -m pip install --quiet --target build/gpu --no-deps --only-binary=:all: --python-version "${2:-3.12}" \
    --platform manylinux2014_x86_64 "${packages[@]}"
  du -sh build/gpu
  exit
fi

export PYTHONPATH=src:build/gpu PYTHONUNBUFFERED=1 XLA_PYTHON_CLIENT_PREALLOCATE=false
exec python3 benchmarks/gpu.py "$@"
