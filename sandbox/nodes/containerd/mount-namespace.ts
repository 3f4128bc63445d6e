import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { HIDDEN_FOLDERS } from './machine-check.ts'
import type { NodeFiles } from './node-config.ts'

const run = promisify(execFile)

/** The sysctls that a kubelet changes when it starts. */
export const CHANGED_SYSCTLS: readonly string[] = [
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
]

/**
 * Runs a command in a new mount namespace, so that the mounts of containerd and the kubelet are
 * private and disappear with the namespace. Inside, propagation is shared, because HostToContainer
 * mounts would fail without it. Some folders are used by containerd and the kubelet regardless of
 * their settings: sockets under /run, device plugins under /var/lib/kubelet, links under
 * /var/log/containers. Those folders are empty file systems in the namespace. The sysctls that the
 * kubelet changes are replaced by files. Arguments: the hosts file, the replacement of
 * /etc/resolv.conf (which may be a link into a hidden folder), and the command.
 */
const ENTER = `set -e
mount --make-rshared /
resolv=$(readlink -f /etc/resolv.conf || true)
for folder in ${HIDDEN_FOLDERS.join(' ')}; do mount -t tmpfs -o mode=755 sandbox "$folder"; done
mkdir -p /run/lock /var/lib/kubelet
for name in ${CHANGED_SYSCTLS.join(' ')}; do
  copy=/run/sysctl-\${name##*/}
  [ ! -e /proc/sys/$name ] || { cat /proc/sys/$name >$copy && mount --bind $copy /proc/sys/$name; }
done
[ ! -e /etc/hosts ] || mount --bind "$1" /etc/hosts
case $resolv in /run/*) mkdir -p "\${resolv%/*}" && : >"$resolv" ;; esac
[ ! -e "$resolv" ] || mount --bind "$2" "$resolv"
shift 2
exec "$@"`

export function enterArguments(files: NodeFiles, command: readonly string[]): string[] {
  return ['-m', '/bin/sh', '-c', ENTER, 'sandbox-node', files.hosts, files.resolvConf, ...command]
}

/**
 * Tries the node's mounts: a private namespace with a tmpfs, then an overlay in `folder`. If
 * overlayfs is missing, or `folder` is itself on an overlay, the result is the snapshotter
 * `native`, which copies images.
 */
export async function tryMounts(
  unshare: string,
  folder: string,
): Promise<{ snapshotter: 'overlayfs' | 'native' } | { failure: string }> {
  const probe = join(folder, 'mount-probe')
  for (const name of ['lower', 'upper', 'work', 'merged']) mkdirSync(join(probe, name), { recursive: true })
  const script = `mount -t tmpfs sandbox /run || exit 3
cd "$1" && mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged || exit 4`
  try {
    await run(unshare, ['-m', '/bin/sh', '-c', script, 'probe', probe])
    return { snapshotter: 'overlayfs' }
  } catch (error) {
    const { code, stderr } = error as { code?: number | string; stderr?: string }
    if (code === 4) return { snapshotter: 'native' }
    return { failure: stderr?.trim().split('\n')[0] || `${unshare} exited with ${code}` }
  }
}
