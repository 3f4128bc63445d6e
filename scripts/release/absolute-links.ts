import { join } from 'node:path'

/**
 * Prepares a page for a package. The package lacks the files that the page links to by a path of
 * the repository, so those links are changed to the tag of the release. Links inside the page stay.
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
  /** For example `https://github.com/acr-nopass/acr-nopass`. */
  readonly repository: string
  readonly version: string
}

/** Reads repository and version from package.json. */
export function readReleased(packageJson: string): Released {
  const { repository, version } = JSON.parse(packageJson) as { repository: { url: string }; version: string }
  return { repository: repository.url.replace(/^git\+/, '').replace(/\.git$/, ''), version }
}
