// What every page has to look like: no finding of axe, nothing beside the screen, no name of a message in place of it.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
const namespaces = ['account', 'accounts', 'breakers', 'common', 'conversation', 'conversations', 'events', 'keys']
const more = ['overview', 'ratings', 'settings', 'signals', 'signin', 'system', 'webhooks']
const MESSAGE = new RegExp(`\\b(${[...namespaces, ...more].join('|')})\\.[a-z]+(_[a-z]+)*\\b`)

/** No finding of axe on what the page shows now. */
export async function accessible(page, where) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe)
  const violations = await page.evaluate(async (values) => {
    const found = await window.axe.run(document, { runOnly: { type: 'tag', values } })
    return found.violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target}: ${failureSummary}`),
    )
  }, RULES)
  assert.deepEqual(violations, [], where)
}

/** The document does not scroll sideways, on whatever it is shown; WCAG 2.2 has 320 px as the least (1.4.10). */
export async function fitsAll(page, where) {
  for (const width of [320, 480, 768, 1024, 1280]) {
    await page.setViewportSize({ width, height: 900 })
    await fits(page, `${where} at ${width} px`)
  }
}

/** Nothing stands beside the screen, as wide as it is now. A chart takes its new width a moment after the others. */
export async function fits(page, where) {
  const isWithin = () => document.documentElement.scrollWidth <= document.documentElement.clientWidth
  await page.waitForFunction(isWithin, undefined, { timeout: 3000 }).catch(() => {})
  const beside = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement
    if (scrollWidth <= clientWidth) return null
    const wide = [...document.querySelectorAll('body *')].filter(
      (e) => e.getBoundingClientRect().right > clientWidth + 1,
    )
    const names = wide.slice(0, 5).map((e) => `<${e.localName} class="${e.className}">`)
    return `${scrollWidth} of ${clientWidth} px: ${names}`
  })
  assert.equal(beside, null, where)
}

/** Every text is a message of the language, none is the name of one. */
export async function worded(page, where) {
  const text = await page.locator('body').innerText()
  assert.doesNotMatch(text, MESSAGE, where)
  assert.doesNotMatch(text, /\{\w+\}|undefined|NaN|\[object/, where)
}
