import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeNodeArchive } from '../../../scripts/release/node-archive.ts'
import type { ProfileName } from '../../../src/node/script/profiles.ts'
import { ROOT } from '../../cli/run-bin.ts'
import { createFakeNode, type FakeNode } from './fake-node.ts'
import { serveFile } from './serve-file.ts'

export const ACK_FILE = '/etc/kubernetes/kubelet-customized-args.conf'
/** The file as it was on a node of ACK: https://llussy.github.io/2022/11/17/ack-resource-reserve */
export const ACK_TEXT = 'KUBELET_CUSTOMIZED_ARGS=" --system-reserved=cpu=50m,memory=1272Mi --kube-reserved=pid=1000 "\n'
export const OUR_FLAGS =
  '--image-credential-provider-config=/opt/acr-nopass/config.yaml --image-credential-provider-bin-dir=/opt/acr-nopass/bin'

/** A configuration of https://github.com/kubernetes/cloud-provider-aws */
export const ECR: string = JSON.stringify({
  apiVersion: 'kubelet.config.k8s.io/v1',
  kind: 'CredentialProviderConfig',
  providers: [
    {
      name: 'ecr-credential-provider',
      matchImages: ['*.dkr.ecr.*.amazonaws.com'],
      defaultCacheDuration: '12h',
      apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
    },
  ],
})

/** An archive on a server, and nodes that may install it. */
export interface ScriptFixture extends AsyncDisposable {
  readonly folder: string
  readonly archive: string
  readonly sha256: string
  readonly url: string
  /** How often the archive was fetched. */
  fetched(): number
  openNode(profile: ProfileName): Promise<FakeNode>
  /** Prints the script of a node for the archive on the server. */
  print(node: FakeNode, flags?: readonly string[]): Promise<string>
}

export async function openScriptFixture(): Promise<ScriptFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-node-'))
  const archive = join(folder, 'node.tgz')
  // Node itself, without its 120 MB.
  const node = join(folder, 'node')
  writeFileSync(node, `#!/bin/sh\nexec '${process.execPath}' "$@"\n`)
  const sha256 = await writeNodeArchive(archive, {
    root: ROOT,
    scratch: folder,
    node,
    nodeLicence: join(ROOT, 'LICENSE'),
  })
  const server = await serveFile(archive)
  return {
    folder,
    archive,
    sha256,
    url: server.url,
    fetched: () => server.requests,
    async openNode(profile) {
      const opened = await createFakeNode(await mkdtemp(join(folder, `${profile}-`)), profile)
      if (profile === 'ack') opened.write(ACK_FILE, ACK_TEXT)
      return opened
    },
    print: (node, flags = []) => node.print(['--url', server.url, '--sha256', sha256, ...flags]),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
