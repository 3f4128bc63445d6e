import { join } from 'node:path'

/**
 * A page as a package has it: what it names by a path of the repository is not in the package, so its links lead to the tag of the
 * release. Links inside the page stay.
 * @param folder of the page in the repository; '' is the root
 */
export function absoluteLinks(page: string, folder: string, { repository, version }: Released): string {
  return page.replaceAll(/(!?)(\[[^\]\n]*\]\()([^()\s]+)\)/g, (whole, image: string, text: string, target: string) => {
    if (/^([a-z]+:|#)/i.test(target)) return whole
    const kind = image === '' ? 'blob' : 'raw'
    return `${image}${text}${repository}/${kind}/v${version}/${join(folder, target)})`
  })
}

export interface Released {
  /** Such as `https://github.com/acr-nopass/acr-nopass`. */
  readonly repository: string
  readonly version: string
}

/** What package.json says of both. */
export function readReleased(packageJson: string): Released {
  const { repository, version } = JSON.parse(packageJson) as { repository: { url: string }; version: string }
  return { repository: repository.url.replace(/^git\+/, '').replace(/\.git$/, ''), version }
}
