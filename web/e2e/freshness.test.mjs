// R12.3: the page says how fresh it is, never shows an old state as a new one, and goes on by itself.
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { settled } from './support/browser.mjs'
import { Server } from './support/server.mjs'
import { walk } from './support/walk.mjs'
import { account } from './support/workspace.mjs'

const server = await Server.start()
after(() => server.stop())

const LOST = [
  'ERR_CONNECTION_REFUSED',
  'ERR_CONNECTION_RESET',
  'ERR_INCOMPLETE_CHUNKED',
  'ERR_EMPTY_RESPONSE',
  'status of 503',
]

walk(
  'r12_3 a server that dies makes the page stale, and one that is back makes it live without a reload',
  async (open) => {
    const workspace = await server.workspace()
    const [nordic, maple] = [account('Nordic Parts ApS'), account('Maple Street Dental')]
    await workspace.please(nordic)
    await workspace.please(maple)
    const page = await open(workspace, { to: 'overview', expected: LOST })
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor()
    await page.evaluate(() => (window.loadedOnce = true))

    await server.kill()
    const stale = page.getByText(/^■? ?Stale since \d/)
    const since = await stale.innerText()
    // To try to reach the server is not to hear from it.
    for (let n = 0; n < 3; n++)
      await page.waitForEvent('requestfailed', (request) => request.url().includes('/quality/stream'))
    assert.equal(await stale.innerText(), since)
    await page.getByText('What you see is what was last known').waitFor()
    // What was known stays.
    await page.getByRole('region', { name: 'Conversations by composite' }).waitFor()

    await server.restart()
    await workspace.trip(nordic)
    await page.getByRole('status').filter({ hasText: /Live/ }).waitFor()
    await page.getByRole('region', { name: 'Paused' }).getByRole('link', { name: nordic.name }).waitFor()
    await settled(page)
    assert.equal(await page.getByText('What you see is what was last known').count(), 0)
    assert.equal(await page.evaluate(() => window.loadedOnce), true)
  },
)

walk('counters and lists follow what happens', async (open) => {
  const workspace = await server.workspace()
  await workspace.please(account('Harbour Coffee Roasters'))
  const page = await open(workspace, { to: 'conversations' })
  const second = await workspace.please(account('Bluefin Logistics'))
  await page.locator(`main a[href*="conversations/${second}"]`).first().waitFor()
  const beside = await open(workspace, { to: 'accounts' })
  const quickstep = account('Quickstep Shoes')
  await workspace.please(quickstep)
  await beside.getByRole('link', { name: quickstep.name }).waitFor()
})
