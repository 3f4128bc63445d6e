import { parseImage } from './registry-domains.ts'

// The grammar of a reference, as container runtimes and the kubelet check it:
// https://github.com/distribution/reference/blob/v0.6.0/regexp.go and normalize.go. There, a first
// part without a dot and a port is a host if it has a capital, which no node could resolve.
const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
const HOST = `(?=[^/]*[.:]|localhost/)(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`
const PART = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const TAG = '[\\w][\\w.-]{0,127}'
const DIGEST = 'sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}'
const NAME = new RegExp(`^(?:${HOST}/)?${PART}(?:/${PART})*(?::${TAG})?(?:@(?:${DIGEST}))?$`)

/** `RepositoryNameTotalLengthMax` of the grammar. */
const LONGEST_REPOSITORY = 255
/** More than the longest host, repository, tag and digest together. */
const LONGEST = 1000

/**
 * Returns how to correct a name that no container runtime accepts as the name of an image.
 * Undefined if the name is valid.
 */
export function correctImageName(name: string): string | undefined {
  if (name.length <= LONGEST && NAME.test(name) && parseImage(name).repository.length <= LONGEST_REPOSITORY)
    return undefined
  const [scheme] = /^[a-z][a-z0-9+.-]*:\/\//i.exec(name) ?? []
  if (scheme !== undefined) return `Leave ${scheme} out: host/namespace/name:tag.`
  if (/[$%{}]/.test(name)) return 'Write the name itself: variables and expressions are not replaced here.'
  if (/\s/.test(name)) return 'Write one name without blanks: host/namespace/name:tag.'
  if (/[:@]$/.test(name)) return `Write a tag or a digest after the last \`${name.at(-1)}\`, or leave it out.`
  if (/[A-Z]/.test(parseImage(name).repository)) return 'Write the namespace and the name in lower case.'
  return 'Write host/namespace/name:tag, or host/namespace/name@sha256:… with 64 digits.'
}
