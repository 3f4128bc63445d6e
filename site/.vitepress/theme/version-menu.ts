import { defineComponent, h, type PropType } from 'vue'

/**
 * The menu of versions. Each version is a site of its own, so the browser loads it, and not the
 * router of this site.
 */
export const VersionMenu = defineComponent({
  props: {
    root: { type: String, required: true },
    version: { type: String, required: true },
    versions: { type: Array as PropType<readonly string[]>, required: true },
    language: { type: String, required: true },
  },
  setup(props) {
    const open = (event: Event): void => {
      const { value } = event.target as HTMLSelectElement
      window.location.assign(`${props.root}${value}/${props.language}/`)
    }
    const label = props.language === 'zh' ? '版本' : 'Version'
    const option = (version: string) => h('option', { value: version, selected: version === props.version }, version)
    return () => h('select', { class: 'version-menu', 'aria-label': label, onChange: open }, props.versions.map(option))
  },
})
