import { useData, withBase } from 'vitepress'
import { defineComponent, h, onMounted, ref, watch } from 'vue'

let count = 0

/** Draws a diagram in the browser. The program for it is only loaded by pages with a diagram. */
export const MermaidDiagram = defineComponent({
  props: { code: { type: String, required: true } },
  setup(props) {
    const { isDark } = useData()
    const source = decodeURIComponent(props.code)
    const svg = ref('')
    const draw = async (): Promise<void> => {
      // The program is a file of the site, so that no build has to bundle its many parts.
      const { default: mermaid } = await import(/* @vite-ignore */ withBase('/mermaid/mermaid.esm.min.mjs'))
      mermaid.initialize({ startOnLoad: false, securityLevel: 'strict', theme: isDark.value ? 'dark' : 'default' })
      count += 1
      svg.value = (await mermaid.render(`diagram-${count}`, source)).svg
    }
    onMounted(draw)
    watch(isDark, draw)
    // Without JavaScript the source of the diagram is readable.
    return () => (svg.value ? h('div', { class: 'mermaid', innerHTML: svg.value }) : h('pre', source))
  },
})
