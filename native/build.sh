#!/bin/sh
# Builds Argon2id for this very processor, tests it, and puts it into the virtual environment.
#
#     native/build.sh PYTHON ENVIRONMENT
#
# PYTHON is one that has pip. It never fails: whatever goes wrong costs a line, and libsodium hashes.
cd "$(dirname "$0")/.." || exit 0
installer=$1
environment=$2
python=$environment/bin/python
folder=$environment/watchword-native
failed=$environment/native-failed
log=$environment/native.log
cc=${CC:-cc}
flags='-O3 -march=native'

sorry() {
  echo "native: $1, so libsodium hashes"
  exit 0
}

command -v "$cc" >/dev/null || sorry "there is no C compiler ($cc)"

# Another compiler, another source or another processor is another build.
made_of="$flags $("$cc" --version | head -n 1) $(cat requirements-native.lock native/* | cksum)"
"$python" -m watchword.crypto.builds.proving current "$folder" "$made_of" && exit 0
tried="$made_of $(cat /proc/cpuinfo 2>/dev/null | sed -n '/^flags\|^model\|^Features\|^CPU/p' | sort -u | cksum)"
if [ "$(cat "$failed" 2>/dev/null)" = "$tried" ]; then
  sorry "it failed before (see $log; delete $failed to try again)"
fi

echo "native: compiling Argon2id for this processor"
scratch=$(mktemp -d "$environment/native.XXXXXX") || sorry "$environment cannot be written to"
trap 'rm -rf "$scratch"' EXIT
trap 'exit 0' HUP INT TERM
rm -rf "$folder"

build() {
  # No cache: pip would keep the wheel, and hand it to whoever asks, on any processor.
  CC=$cc CFLAGS=$flags "$installer" -m pip --python "$python" --disable-pip-version-check install \
    --quiet --no-cache-dir --retries 1 --require-hashes --no-deps --no-build-isolation \
    --no-binary argon2-cffi-bindings --target "$scratch/site" -r requirements-native.lock &&
    mkdir "$scratch/made" &&
    cp "$scratch"/site/_argon2_cffi_bindings/_ffi*.so "$scratch/made/argon2.so" &&
    # shellcheck disable=SC2086 # They are several.
    "$cc" $flags -std=c11 -Wall -Wextra -Werror -shared -fPIC -o "$scratch/made/arena.so" native/arena.c &&
    model=$("$python" -m watchword.crypto.builds.proving prove "$scratch/made" "$made_of") &&
    mv "$scratch/made" "$folder"
}

if build >"$log" 2>&1; then
  rm -f "$failed"
  echo "native: Argon2id is built for $model"
else
  echo "$tried" >"$failed"
  sorry "what was built here failed (see $log)"
fi
