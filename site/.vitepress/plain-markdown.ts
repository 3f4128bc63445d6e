import type { MarkdownRenderer } from 'vitepress'

/** HTML tags that the pages use. GitHub removes all unknown tags; here they are shown as text. */
const TAGS = /^<(?:!--|\/?(?:a|br|details|summary|img|kbd|sub|sup|p|div|picture|source)\b)/i

/**
 * Makes the renderer treat pages like GitHub: double braces and unknown tags are text, not Vue, and
 * only full addresses become links.
 */
export function plainMarkdown(md: MarkdownRenderer, target: (href: string, page: string) => string): void {
  md.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false })
  const asText = (text: string): string => md.utils.escapeHtml(text).replaceAll('{{', '&#123;&#123;')
  // VitePress leaves an entity of the page, such as `&lt;`, in the text.
  const keepEntities = (html: string): string => html.replaceAll(/&amp;(#?\w+;)/g, '&$1')
  md.renderer.rules.text = (tokens, index) => keepEntities(asText(tokens[index]?.content ?? ''))
  md.renderer.rules.code_inline = (tokens, index) =>
    `<code v-pre>${md.utils.escapeHtml(tokens[index]?.content ?? '')}</code>`
  for (const kind of ['html_inline', 'html_block'] as const) {
    const render = md.renderer.rules[kind]
    md.renderer.rules[kind] = (tokens, index, options, env, self) => {
      const { content = '' } = tokens[index] ?? {}
      if (!TAGS.test(content.trimStart())) return asText(content)
      return render ? render(tokens, index, options, env, self) : content
    }
  }
  md.core.ruler.push('repository-links', (state) => {
    const page: string = state.env.relativePath
    for (const block of state.tokens) {
      for (const token of block.children ?? []) {
        const name = token.type === 'link_open' ? 'href' : token.type === 'image' ? 'src' : undefined
        const value = name && token.attrGet(name)
        if (name && value) token.attrSet(name, target(value, page))
      }
    }
  })
  const fence = md.renderer.rules.fence
  md.renderer.rules.fence = (tokens, index, options, env, self) => {
    const { info = '', content = '' } = tokens[index] ?? {}
    if (info.trim() !== 'mermaid') return fence?.(tokens, index, options, env, self) ?? ''
    return `<MermaidDiagram code="${encodeURIComponent(content)}" />\n`
  }
}

/**
 * Splits a text into words for the search, also a Chinese text. VitePress sends the source of this
 * function to the browser, so the function uses no import and no other function.
 */
export function splitWords(text: string): string[] {
  const segments = new Intl.Segmenter('zh', { granularity: 'word' }).segment(text)
  return [...segments].filter(({ isWordLike }) => isWordLike).map(({ segment }) => segment)
}
