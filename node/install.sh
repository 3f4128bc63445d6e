# The part of the script for nodes that is the same for all nodes. `acr-nopass node script` writes
# the settings above it. lib/setup.mjs in the archive decides; this part executes
# (docs/en/decisions.md#node-script).

set -eu
umask 022
PATH="${PATH:+$PATH:}/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
unset NODE_OPTIONS CDPATH
TAB=$(printf '\t')
INSTALLED=/opt/acr-nopass
ROOT=''
REMOVE=no

main() {
  while [ $# -gt 0 ]; do
    case $1 in
      --remove) REMOVE=yes ;;
      --root)
        [ -d "${2:-}" ] || usage
        ROOT=$(cd "$2" && pwd -P)
        [ "$ROOT" != / ] || ROOT=''
        shift
        ;;
      *) usage ;;
    esac
    shift
  done
  UNDO=$ROOT/opt/.acr-nopass.undo
  STAGE=$ROOT/opt/.acr-nopass.new
  CHANGING=no
  RESTARTED=no
  check_host
  find_service
  take_lock
  WORK=$(mktemp -d) ||
    fail NODE_HOST 'no temporary folder can be created; nothing was changed' 'Check the free space of /tmp.'
  trap on_exit EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  if [ -e "$UNDO/list" ]; then
    say 'an earlier run was interrupted: undoing it first'
    restore_files || exit 1
    # The kubelet may have started with what is undone now.
    if [ -e "$UNDO/restarted" ] && [ "$ACTIVE" = yes ]; then restart_kubelet || :; fi
    rm -rf "$UNDO"
  fi
  if [ "$REMOVE" = yes ]; then
    remove_all
  else
    install_all
  fi
}

usage() {
  echo 'usage: sh SCRIPT [--remove] [--root FOLDER]' >&2
  echo '  --remove       take everything back' >&2
  echo '  --root FOLDER  the root of an image that is being built, instead of this host' >&2
  exit 2
}

say() {
  printf 'acr-nopass: %s\n' "$1"
}

# report CODE MESSAGE FIX
report() {
  printf 'acr-nopass: %s: %s\n  fix: %s\n' "$1" "$2" "$3" >&2
  return 1
}

fail() {
  report "$@" || exit 1
}

check_host() {
  [ -n "$ROOT" ] || [ "$(id -u)" = 0 ] ||
    fail NODE_HOST 'this script changes the kubelet of the node, which needs root' 'Run it as root.'
  case $(uname -m) in
    x86_64) ARCH=amd64 ;;
    aarch64 | arm64) ARCH=arm64 ;;
    *) fail NODE_HOST "there is no archive for $(uname -m)" 'Use pull secrets on these nodes.' ;;
  esac
  for program in tar gzip sha256sum mktemp sed grep timeout flock; do
    command -v "$program" > /dev/null ||
      fail NODE_HOST "the program $program is missing" "Install $program."
  done
  check_libc
}

# Node.js 24 needs glibc 2.28 (https://github.com/nodejs/node/blob/v24.x/BUILDING.md#platform-list).
check_libc() {
  libc=''
  for file in "$ROOT"/lib64/libc.so.6 "$ROOT"/lib/*/libc.so.6 "$ROOT"/usr/lib64/libc.so.6 "$ROOT"/usr/lib/*/libc.so.6; do
    if [ -e "$file" ]; then
      libc=$(LC_ALL=C grep -ao 'release version 2\.[0-9]*' "$file" | sed -n '1s/.*2\.//p')
      break
    fi
  done
  old='Use a newer operating system for these nodes (for example Alibaba Cloud Linux 3), or pull secrets.'
  [ -n "$libc" ] || fail NODE_HOST 'no glibc was found, and the program needs glibc 2.28 or newer' "$old"
  [ "$libc" -ge 28 ] || fail NODE_HOST "glibc is 2.$libc, and the program needs 2.28 or newer" "$old"
}

# Sets ACTIVE: whether a kubelet runs that must stay healthy.
find_service() {
  SERVICE=''
  ACTIVE=no
  if [ -n "$RESTART" ]; then
    ACTIVE=yes
  elif [ -z "$ROOT" ]; then
    command -v systemctl > /dev/null || fail NODE_HOST 'systemd does not manage this host' \
      'Print the script with --restart COMMAND, the command that restarts the kubelet here.'
    for service in $SERVICES; do
      if systemctl is-active --quiet "$service"; then
        SERVICE=$service
        ACTIVE=yes
      fi
    done
  fi
}

# Locks the folder: the system releases the lock when the process ends, however it ends.
take_lock() {
  mkdir -p "$ROOT/opt" || fail NODE_HOST "$ROOT/opt cannot be written" 'Make it writable, or use pull secrets on these nodes.'
  check_inside /opt
  exec 9< "$ROOT/opt"
  flock -n 9 || fail NODE_BUSY 'another run of this script changes this node' 'Wait until it has ended.'
}

on_exit() {
  status=$?
  trap '' HUP INT TERM
  trap - EXIT
  set +e
  if [ "$CHANGING" = yes ]; then
    undo
    [ "$status" != 0 ] || status=1
  fi
  rm -rf "$WORK" "$STAGE"
  # A program that failed may have another exit code, and 2 means wrong arguments.
  case $status in 0 | 129 | 130 | 143) ;; *) status=1 ;; esac
  exit "$status"
}

install_all() {
  find_programs
  write_settings "$WORK"
  check_version
  make_plan
  apply_plan
  say "done: acr-nopass $VERSION is installed"
}

is_absent() {
  [ ! -e "$ROOT$INSTALLED" ] && ! grep -qs acr-nopass-provider "$ROOT$RANCHER_CONFIG" &&
    ! grep -qsF "$INSTALLED/" "$ROOT/etc/default/kubelet" "$ROOT/etc/sysconfig/kubelet" "$ROOT/etc/kubernetes/kubelet-customized-args.conf"
}

remove_all() {
  if is_absent; then
    say 'nothing to remove'
    return
  fi
  find_programs
  make_plan --remove
  apply_plan
  # After a power failure there must be no flag without its files.
  sync
  # The kubelet does not need the files any more. The second folder holds the last logins.
  rm -rf "$ROOT$INSTALLED" "$ROOT/run/acr-nopass"
  say 'done: acr-nopass is removed'
}

# Tokens of ServiceAccounts are on by default since 1.34. Kubelets before 1.33 ignore the setting or
# end: https://kubernetes.io/docs/tasks/administer-cluster/kubelet-credential-provider/
check_version() {
  grep -q '"tokenAttributes"' "$WORK/provider.json" || return 0
  case $PROFILE in
    k3s | rke2) program=$PROFILE ;;
    *) program=kubelet ;;
  esac
  minor=''
  if [ -z "$ROOT" ] && command -v "$program" > /dev/null; then
    minor=$("$program" --version 2> /dev/null | sed -n 's/.*v1\.\([0-9]*\)\..*/\1/p' | sed -n 1p)
  fi
  if [ -z "$minor" ]; then
    say 'not checked: whether the kubelet is 1.34 or newer, which node.identity: service-account needs'
  elif [ "$minor" -lt 34 ]; then
    fail NODE_HOST "the kubelet is 1.$minor, and node.identity: service-account needs 1.34; nothing was changed" \
      'Update the node, or use node.identity: worker-role.'
  fi
}

choose_archive() {
  case $ARCH in
    amd64) url=$URL_amd64 sum=$SHA256_amd64 ;;
    *) url=$URL_arm64 sum=$SHA256_arm64 ;;
  esac
  # Messages end up in logs, and a query may be private.
  address=${url%%\?*}
}

is_installed() {
  [ "$(cat "$ROOT$INSTALLED/archive.sha256" 2> /dev/null)" = "$sum" ] || return 1
  (cd "$ROOT$INSTALLED" && sha256sum -c FILES.sha256 > /dev/null 2>&1)
}

# Sets PROGRAMS: the installed archive, or one that is fetched next to it.
find_programs() {
  choose_archive
  if is_installed; then
    PROGRAMS=$ROOT$INSTALLED
    INSTALL=''
    return
  fi
  [ -n "$url" ] || fail NODE_FETCH "this script has no archive for $ARCH" \
    "Print the script with an address and the checksum of the archive for $ARCH."
  rm -rf "$STAGE"
  mkdir "$STAGE" || fail NODE_HOST "$ROOT/opt cannot be written" 'Make it writable, or use pull secrets on these nodes.'
  PROGRAMS=$STAGE/acr-nopass-node
  fetch_programs
  printf '%s\n' "$sum" > "$PROGRAMS/archive.sha256"
  # The same file system as the final place, so this also finds `noexec`.
  "$PROGRAMS/bin/node" --version > /dev/null 2>&1 || fail NODE_HOST \
    "the program in the archive cannot be executed in $ROOT/opt; nothing was changed" \
    "Check that $ROOT/opt is not mounted with noexec, and that the archive is for $ARCH."
  INSTALL="$(sed 's/^[0-9a-f]*  //' "$PROGRAMS/FILES.sha256") FILES.sha256 archive.sha256"
}

fetch_programs() {
  fetch "$url" "$STAGE/archive.tgz" ||
    fail NODE_FETCH "$address could not be fetched; nothing was changed" \
      'Check the network of the node, or put the archive where the node can reach it (--url).'
  found=$(sha256sum < "$STAGE/archive.tgz")
  [ "${found%% *}" = "$sum" ] ||
    fail NODE_CHECKSUM "$address has the SHA-256 ${found%% *}, expected $sum; nothing was changed" \
      'Fetch the archive of this version again, or correct --sha256.'
  tar -xzf "$STAGE/archive.tgz" -C "$STAGE" ||
    fail NODE_HOST "the archive could not be unpacked in $ROOT/opt; nothing was changed" 'Check the free space there.'
}

# fetch URL FILE
fetch() {
  case $1 in
    /*) cp "$1" "$2" ;;
    *)
      if command -v curl > /dev/null; then
        curl -fsSL --retry 3 --connect-timeout 10 --max-time 300 -o "$2" "$1"
      elif command -v wget > /dev/null; then
        wget -q -T 30 -t 3 -O "$2" "$1"
      else
        fail NODE_HOST 'neither curl nor wget is installed' 'Install curl, or name a file of the image with --url /PATH.'
      fi
      ;;
  esac
}

# Decides what to change, without changing anything.
make_plan() {
  for file in $INSTALL; do
    set -- "$@" --install "$file"
  done
  "$PROGRAMS/bin/node" "$PROGRAMS/lib/setup.mjs" plan "$@" --profile "$PROFILE" --root "$ROOT/" \
    --settings "$WORK" --plan "$WORK/plan" > "$WORK/notes" || {
    say 'nothing was changed'
    exit 1
  }
  while read -r line; do say "$line"; done < "$WORK/notes"
}

apply_plan() {
  if [ ! -s "$WORK/plan/steps" ] && [ ! -e "$WORK/plan/restart" ]; then
    say 'nothing to change'
    return
  fi
  if [ "$ACTIVE" = yes ] && [ -e "$WORK/plan/restart" ]; then
    wait_healthy any || fail NODE_UNHEALTHY 'the kubelet is not healthy, so nothing was changed' \
      'Repair the kubelet first. If its health address is not the usual one, print the script with --health-url.'
  fi
  rm -rf "$UNDO"
  mkdir "$UNDO"
  CHANGING=yes
  : > "$UNDO/list"
  while IFS="$TAB" read -r kind path one two; do
    do_step < /dev/null
  done < "$WORK/plan/steps"
  if [ -e "$WORK/plan/restart" ]; then
    restart_and_check
  fi
  # After a power failure there must be the change, or what undoes it.
  sync
  CHANGING=no
  rm -rf "$UNDO"
}

do_step() {
  case $kind in
    file) place "$one" ;;
    program) place "$PROGRAMS/$one" ;;
    link)
      save
      rm -f "$ROOT$path.new"
      ln -s "$one" "$ROOT$path.new"
      mv -f "$ROOT$path.new" "$ROOT$path"
      ;;
    label) label ;;
    delete)
      save
      rm -f "$ROOT$path"
      ;;
    flags)
      save
      # ACK keeps this file only if the User Data writes it in exactly this form:
      # https://www.alibabacloud.com/help/en/ack/ack-managed-and-ack-dedicated/user-guide/customize-the-kubelet-configurations-of-a-node-pool
      if [ "$ROOT$path" = /etc/kubernetes/kubelet-customized-args.conf ]; then
        cat "$one" > /etc/kubernetes/kubelet-customized-args.conf
      else
        cat "$one" > "$ROOT$path"
      fi
      ;;
  esac
}

# Copies a file to its place at once: the kubelet may start the program at any time.
place() {
  save
  rm -f "$ROOT$path.new"
  cp "$1" "$ROOT$path.new"
  chmod "$two" "$ROOT$path.new"
  # A rename may reach the disk before the content. Programs have a sync of their own.
  if [ "$kind" = file ]; then sync "$ROOT$path.new"; fi
  mv -f "$ROOT$path.new" "$ROOT$path"
}

# Keeps what is at $path. The list is written before the change.
save() {
  make_folder "$(dirname "$path")"
  if [ -e "$ROOT$path" ] || [ -L "$ROOT$path" ]; then
    mkdir -p "$UNDO/files$(dirname "$path")"
    # A link costs no space. The file of flags is written in place, so it needs a copy.
    if [ "$kind" = flags ] || ! ln "$ROOT$path" "$UNDO/files$path" 2> /dev/null; then
      cp -pP "$ROOT$path" "$UNDO/files$path"
    fi
    printf 'restore\t%s\n' "$path" >> "$UNDO/list"
  else
    printf 'delete\t%s\n' "$path" >> "$UNDO/list"
  fi
}

make_folder() {
  if [ ! -d "$ROOT$1" ]; then
    make_folder "$(dirname "$1")"
    printf 'folder\t%s\n' "$1" >> "$UNDO/list"
    mkdir "$ROOT$1"
  fi
  check_inside "$1"
}

# An absolute link in an image would lead to this host.
check_inside() {
  case $(cd "$ROOT$1" && pwd -P)/ in
    "$ROOT"/*) ;;
    *) fail NODE_HOST "$ROOT$1 leads out of $ROOT" 'Use a relative link in the image.' ;;
  esac
}

# Under SELinux the kubelet may only execute what has the label of a program. The policy gives it to
# files in /opt/*/bin.
label() {
  # After a power failure there must be no flag without its files.
  sync
  if [ -n "$ROOT" ]; then
    if grep -qs '^SELINUX=enforcing' "$ROOT/etc/selinux/config"; then
      say "not checked: the SELinux labels of $INSTALLED in the image; run restorecon -R $INSTALLED on the node"
    fi
    return
  fi
  command -v getenforce > /dev/null || return 0
  [ "$(getenforce)" = Enforcing ] || return 0
  if command -v restorecon > /dev/null; then restorecon -R "$INSTALLED"; fi
  context=$(stat -c %C "$INSTALLED/bin/node")
  case $context in
    *:bin_t:*) ;;
    *) fail NODE_HOST "SELinux labels $INSTALLED/bin/node as $context, and the kubelet could not execute it" \
      "Run: semanage fcontext -a -t bin_t '$INSTALLED/bin(/.*)?'. Then run this script again." ;;
  esac
}

restart_and_check() {
  if [ "$ACTIVE" = no ]; then
    say 'no kubelet runs here: it uses the configuration when it starts; nothing more was checked'
    return
  fi
  RESTARTED=yes
  : > "$UNDO/restarted"
  restart_kubelet || :
  wait_healthy "$WORK/plan/expected" || exit 1
  say 'the kubelet is healthy'
}

restart_kubelet() {
  if [ -n "$RESTART" ]; then
    # What the command starts must not keep the lock.
    timeout "$HEALTH_SECONDS" sh -c "$RESTART" 9<&-
  else
    systemctl daemon-reload
    timeout "$HEALTH_SECONDS" systemctl restart "$SERVICE"
  fi
}

# wait_healthy EXPECTED
wait_healthy() {
  for url in $HEALTH_URLS; do
    set -- "$@" --health "$url"
  done
  "$PROGRAMS/bin/node" "$PROGRAMS/lib/setup.mjs" wait --root "$ROOT/" --seconds "$HEALTH_SECONDS" --expect "$@" 9<&-
}

# Restores what the list names, in reverse. Needs no space, because the disk may be full.
restore_files() {
  failed=$(sed '1!G;h;$!d' "$UNDO/list" | while IFS="$TAB" read -r action at; do
    restore_one "$action" "$at" < /dev/null || printf ' %s' "$ROOT$at"
  done)
  [ -z "$failed" ] || report NODE_UNDO "not restored:$failed" "Copy each file from $UNDO/files."
}

# restore_one ACTION PATH
restore_one() {
  case $1 in
    folder) rmdir "$ROOT$2" 2> /dev/null || : ;;
    delete) rm -f "$ROOT$2" "$ROOT$2.new" ;;
    restore)
      rm -f "$ROOT$2.new"
      # What an interrupted run has restored is no longer there.
      if [ -e "$UNDO/files$2" ] || [ -L "$UNDO/files$2" ]; then
        # mv refuses two links to one file: the change had not been made yet.
        mv -f "$UNDO/files$2" "$ROOT$2" 2> /dev/null ||
          { rm -f "$ROOT$2" && mv -f "$UNDO/files$2" "$ROOT$2"; }
      fi
      ;;
  esac
}

undo() {
  CHANGING=no
  restore_files || return 1
  log='Read the log of the kubelet from before its last start: journalctl -u with kubelet, k3s, k3s-agent, rke2-server or rke2-agent.'
  if [ "$RESTARTED" = no ]; then
    report NODE_UNDONE 'the change was not completed; everything was undone' 'Read the message above, and run the script again.' || :
  else
    restart_kubelet || :
    if wait_healthy any; then
      report NODE_UNDONE 'the kubelet was not healthy with the new configuration; everything was undone, and the kubelet is healthy again' "$log" || :
    else
      report NODE_UNDO 'everything was undone, but the kubelet is not healthy' "$log" || :
    fi
  fi
  rm -rf "$UNDO"
}

main "$@"
