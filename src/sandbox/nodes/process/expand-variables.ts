/** `$(NAME)` becomes the variable's value, `$$` a dollar; an unknown name stays as it is (as Kubernetes' third_party/forked/golang/expansion). */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$(\$|\(([^()]*)\))/g, (whole, what: string, name: string | undefined) => {
    if (what === '$') return '$'
    return name === undefined ? whole : (variables.get(name) ?? whole)
  })
}
