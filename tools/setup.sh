#!/usr/bin/env bash
# Installs the Debian packages that are missing, and only those.
#   tools/setup.sh [core] [test] [lint]      default: all three
# core builds and runs the command; test and lint add what those steps need.
set -euo pipefail

core=(build-essential cmake ninja-build pkg-config protobuf-c-compiler libprotobuf-c-dev
      libonnx-dev zlib1g-dev libpng-dev libjpeg62-turbo-dev libjansson-dev libgmp-dev nettle-dev
      coinor-libclp-dev librsvg2-bin)
test=(libcmocka-dev python3 python3-onnx python3-numpy)
lint=(clang clang-tidy clang-format libclang-rt-dev gcovr shellcheck universal-ctags python3)

wanted=()
for group in "${@:-all}"; do
    case $group in
    core) wanted+=("${core[@]}") ;;
    test) wanted+=("${test[@]}") ;;
    lint) wanted+=("${lint[@]}") ;;
    all) wanted+=("${core[@]}" "${test[@]}" "${lint[@]}") ;;
    *) echo "setup: unknown group '$group' (core, test, lint)" >&2; exit 2 ;;
    esac
done

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "setup: not a Debian system; make sure that the equivalents of these are installed:" >&2
    echo "  ${wanted[*]}" >&2
    exit 0
fi

# shellcheck disable=SC2016  # the format is dpkg-query's, not the shell's
present=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null || true)
missing=()
for package in "${wanted[@]}"; do
    grep -qx "installed $package" <<<"$present" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root=(sudo)
    else
        echo "setup: these packages are missing; install them, then run this again:" >&2
        echo "  sudo apt-get install -y ${missing[*]}" >&2
        exit 1
    fi
fi

export DEBIAN_FRONTEND=noninteractive
echo "setup: installing ${missing[*]}" >&2
if ! { "${as_root[@]}" apt-get update -qq &&
       "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >&2; then
    echo "setup: apt-get failed; the command was:" >&2
    echo "  apt-get update && apt-get install -y ${missing[*]}" >&2
    exit 1
fi
