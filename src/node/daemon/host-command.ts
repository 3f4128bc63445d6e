import { join } from 'node:path'
import { NopassError } from '../../errors.ts'
import { openFiles } from '../script/read-node.ts'

/**
 * The dynamic linkers of glibc (https://sourceware.org/glibc/wiki/ABIList), by Node's name of the
 * architecture.
 */
const LINKERS: Readonly<Record<string, string>> = {
  x64: '/lib64/ld-linux-x86-64.so.2',
  arm64: '/lib/ld-linux-aarch64.so.1',
}

/** Folders of the libraries of Debian's and of Red Hat's systems. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  x64: ['/lib64', '/usr/lib64', '/lib/x86_64-linux-gnu', '/usr/lib/x86_64-linux-gnu'],
  arm64: ['/lib64', '/usr/lib64', '/lib/aarch64-linux-gnu', '/usr/lib/aarch64-linux-gnu'],
}

const NSENTER = '/usr/bin/nsenter'

/**
 * Returns the command that runs the host's shell in the namespaces of the host's process `pid`,
 * usually 1. The image has no program but Node, so the host's own `nsenter` runs. Before it enters
 * the host, `/` is the image, which lacks its libraries. So it runs with those of the host.
 * @throws NODE_HOST
 */
export function hostCommand(pid: number, arch: string): readonly string[] {
  const root = `/proc/${pid}/root`
  const files = openFiles(root)
  const linker = LINKERS[arch]
  if (linker === undefined) throw refuse(`there is no archive for ${arch}`)
  if (!files.isExecutable(linker)) throw refuse('it has no glibc')
  if (!files.isExecutable(NSENTER)) throw refuse(`it has no ${NSENTER}, which is a part of util-linux`)
  const at = (path: string): string => join(root, files.realPath(path))
  const libraries = (LIBRARIES[arch] ?? []).map((path) => join(root, path)).join(':')
  const enter = ['--target', String(pid), '--mount', '--uts', '--ipc', '--net', '--', '/bin/sh']
  return [at(linker), '--library-path', libraries, at(NSENTER), ...enter]
}

function refuse(why: string): NopassError {
  return new NopassError('NODE_HOST', `the script for nodes cannot run on this host: ${why}`, {
    hint: 'Use another operating system for these nodes, or pull secrets.',
  })
}
