import type { Page } from 'playwright-core'

/** Finds texts whose contrast with their background is below WCAG AA (4.5, large ones 3). */
export function findWeakTexts(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(WEAK_TEXTS)
}

/**
 * Finds elements that extend beyond the right edge of the screen or make the page scroll
 * horizontally.
 */
export function findTooWide(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(TOO_WIDE)
}

// Code that runs in the page. It is text because this project does not have a browser's types.
const TOO_WIDE = `(() => {
  const width = document.documentElement.clientWidth
  const wide = [...document.querySelectorAll('body *')].filter((one) => !one.closest('thead') && one.getBoundingClientRect().right > width + 0.5)
  const found = wide.map((one) => one.outerHTML.slice(0, 80))
  return document.documentElement.scrollWidth > width ? ['the page itself', ...found] : found
})()`

const WEAK_TEXTS = `(() => {
  const parse = (color) => (color.match(/[0-9.]+/g) || []).map(Number)
  const light = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((part) => {
      const share = part / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = parse(getComputedStyle(one).backgroundColor)
      if (color.length === 3) return color
    }
    return [255, 255, 255]
  }
  return [...document.querySelectorAll('body *')].flatMap((element) => {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())
    if (!own) return []
    const style = getComputedStyle(element)
    const [low, high] = [light(parse(style.color)), light(behind(element))].sort((a, b) => a - b)
    const contrast = (high + 0.05) / (low + 0.05)
    return contrast >= (parseFloat(style.fontSize) >= 24 ? 3 : 4.5) ? [] : [element.textContent.trim() + ': ' + contrast.toFixed(2)]
  })
})()`
