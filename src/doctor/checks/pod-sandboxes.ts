import { keyOf } from '../../kube/types.ts'
import { shell } from '../../lib/shell-command.ts'
import { pluralize, summarize } from '../../lib/text.ts'
import type { Draft, Found } from '../finding.ts'
import type { PodFacts } from '../observed.ts'
import { explainPull } from '../pod/node-words.ts'

/**
 * How runtimes report that they cannot pull the image of the Pod's sandbox: containerd
 * (internal/cri/server/sandbox_run.go, ensurePauseImageExists;
 * internal/cri/server/podsandbox/sandbox_run.go), cri-dockerd (core/helpers.go,
 * ensureSandboxImageExists) and CRI-O (server/sandbox_run_linux.go, CreatePodSandbox).
 */
const SANDBOX_IMAGE = [
  /failed to (?:pull|get sandbox) image "([^"]{1,500})"/,
  /unable to pull sandbox image "([^"]{1,500})"/,
  /creating pod sandbox with name "[^"]{1,500}": [a-z ]{0,100}docker:\/\/([^\s"]{1,500}?):? /,
]

/**
 * Reports Pods whose sandbox (pause) image cannot be pulled. The runtime pulls this image first,
 * with a login of its own.
 */
export function sandboxFindings(pods: readonly PodFacts[], now: number): Found {
  const found = pods.flatMap((pod) => {
    const image = sandboxImageOf(pod.sandboxTrouble ?? '')
    return image === undefined ? [] : [{ pod, image, node: pod.node ?? '', trouble: pod.sandboxTrouble ?? '' }]
  })
  const groups = Map.groupBy(found, ({ node, image }) => JSON.stringify([node, image]))
  return [...groups.values()].flatMap((group): readonly Draft[] =>
    group.slice(0, 1).map(({ pod, image, node, trouble }) => {
      const { cause, quote } = explainPull({ image, detail: trouble }, now)
      const objects = group.map(({ pod }) => keyOf(pod))
      return {
        id: 'POD_SANDBOX',
        subject: node === '' ? 'a node' : `node ${node}`,
        message: `it cannot pull the sandbox image ${image}, which every Pod needs: ${pluralize(objects.length, 'Pod')} (${summarize(objects)})`,
        cause: `No pull secret is used for this image: the node's runtime pulls it with its own login, or without a login. ${cause}${quote}`,
        fix: "Give the node's runtime a sandbox image that needs no login (containerd: the pinned image `sandbox`; CRI-O: pause_image), or a login of its own for that registry.",
        command:
          node === ''
            ? shell`kubectl -n ${pod.namespace} describe pod ${pod.name}`
            : shell`kubectl get node ${node} -o wide`,
        objects,
        health: 'failing',
      }
    }),
  )
}

function sandboxImageOf(trouble: string): string | undefined {
  return SANDBOX_IMAGE.map((pattern) => pattern.exec(trouble)?.[1]).find((image) => image !== undefined)
}
