import { createHash } from 'node:crypto'

/** What this node runs for an image: by repository (the reference without tag and digest), a command of this machine. */
export type Images = Readonly<Record<string, readonly string[]>>

export interface FoundImage {
  readonly entrypoint: readonly string[]
  readonly imageId: string
}

/** Undefined: this node has no such image. */
export function findImage(images: Images, reference: string): FoundImage | undefined {
  const repository = repositoryOf(reference)
  const entrypoint = images[repository]
  if (!entrypoint) return undefined
  const digest = createHash('sha256').update(JSON.stringify(entrypoint)).digest('hex')
  return { entrypoint, imageId: `${repository}@sha256:${digest}` }
}

/** `host:5000/team/app:1@sha256:…` -> `host:5000/team/app`. */
export function repositoryOf(reference: string): string {
  return reference.replace(/@.*$/, '').replace(/:[^:/]*$/, '')
}
