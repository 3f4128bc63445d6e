/**
 * The kubelet's rule for `matchImages` and for the keys of a login (Kubernetes v1.37.2,
 * pkg/credentialprovider/keyring.go, `URLsMatch`). A pattern's host is compared label by label with
 * Go's `filepath.Match`, of which only `*` is used here.
 */
export function matchesImage(pattern: string, image: string): boolean {
  const [glob, target] = [pattern, image].map((text) => {
    const [host = '', ...path] = text.split('/')
    const [name = '', port = ''] = host.split(':')
    return { labels: name.split('.'), port, path: path.join('/') }
  })
  if (glob === undefined || target === undefined || glob.port !== target.port) return false
  if (glob.labels.length !== target.labels.length || !target.path.startsWith(glob.path)) return false
  return glob.labels.every((label, index) => {
    const expression = label.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*')
    return new RegExp(`^${expression}$`).test(target.labels[index] ?? '')
  })
}
