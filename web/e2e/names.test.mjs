// Names come from customers, who write what they like: they are text, in their own direction, and break nothing.
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { go } from './support/browser.mjs'
import { fits } from './support/looks.mjs'
import { Server } from './support/server.mjs'
import { walk } from './support/walk.mjs'
import { account, until } from './support/workspace.mjs'

const server = await Server.start()
after(() => server.stop())

const RUN = 'document.documentElement.dataset.ran=1'
const NAMES = [
  `<img src=x onerror="${RUN}">`,
  `"><script>${RUN}</script>`,
  `<svg/onload=${RUN}>`,
  `javascript:${RUN}`,
  '{{7*7}} ${7*7} &lt;b&gt;',
  'شركة قطع الغيار الشمالية',
  'ab\u202Egnp.exe',
  '\u{1f9ef}'.repeat(255),
  'W'.repeat(255),
  '=HYPERLINK("http://example.com")',
]

walk('names with markup, of any direction and length, stay text and break nothing', async (open) => {
  const workspace = await server.workspace(NAMES[0])
  const accounts = NAMES.map(account)
  for (const one of accounts) await workspace.send([workspace.scored(one, 2.5, Date.now(), { channel: one.name })])
  const paused = []
  for (const one of accounts) {
    const reason = `${one.name} `.repeat(3).slice(0, 400)
    paused.push(await workspace.tell('quality/circuit-breakers', { scopeKey: `account:${one.id}`, reason }))
  }
  for (const { id } of paused)
    await workspace.tell(`quality/circuit-breakers/${id}/acknowledge`, { note: NAMES.join('\n') })
  const { data } = await workspace.ask('conversations')

  const page = await open(workspace, { to: 'overview', width: 360 })
  const pages = ['overview', 'breakers', 'accounts', 'conversations', 'events', 'ratings', 'settings']
  for (const one of accounts) pages.push(`accounts/${one.id}`)
  for (const { id } of paused) pages.push(`breakers/${id}`)
  for (const { conversationId } of data) pages.push(`conversations/${conversationId}`)
  for (const to of pages) {
    await go(page, workspace, to)
    await fits(page, to)
    const elsewhere = `a[href^="http"]:not([href^="${workspace.url}/"])`
    const made = `main :is(img, script, b, svg[onload], a[href^="javascript"], ${elsewhere})`
    assert.equal(await page.locator(made).count(), 0, to)
  }

  await go(page, workspace, 'accounts')
  const shown = await page.locator('main').textContent()
  for (const name of NAMES) assert.ok(shown.includes(name), name)
  for (const one of accounts) {
    await go(page, workspace, `accounts/${one.id}`)
    await until(async () => (await page.locator('h1').textContent()).trim() === one.name, one.name)
    const link = page.locator(`main a[href*="breakers/"]`).first()
    assert.equal(await link.count(), 1, 'the paused account leads to its breaker')
  }
  // What stands in a name reorders nothing beside it.
  await go(page, workspace, 'accounts')
  const bidi = await page.locator('main a', { hasText: 'gnp.exe' }).first()
  const isolated = await bidi.evaluate((link) => {
    const chain = []
    for (let at = link; at && at !== document.body; at = at.parentElement) chain.push(getComputedStyle(at).unicodeBidi)
    return chain.some((value) => value.includes('isolate') || value === 'plaintext')
  })
  assert.equal(isolated, true)
})
