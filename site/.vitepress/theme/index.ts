import type { Theme } from 'vitepress'
import DefaultTheme from 'vitepress/theme'
import { MermaidDiagram } from './mermaid-diagram.ts'
import { VersionMenu } from './version-menu.ts'

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component('MermaidDiagram', MermaidDiagram)
    app.component('VersionMenu', VersionMenu)
  },
} satisfies Theme
