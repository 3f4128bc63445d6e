import type { RowSpec } from '../report/row.ts'

/** The helper's numbers divided by those of the minimal program in the same run; `parts` names them. */
export function againstMinimal(id: string, parts: RowSpec['title'], bars: readonly number[]): RowSpec {
  return {
    id,
    title: { en: `The helper against it, ${parts.en}`, zh: `本程序与它相比，${parts.zh}` },
    measure: 'times',
    bars,
    peers: {
      en: 'about what the bars above allow over their lower bound, on any machine',
      zh: '约为上面的门槛相对其下限所允许的余量，与机器无关',
    },
  }
}
