// R10.2: a support lead opens the demo and knows soon why a customer is paused.
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { settled } from './support/browser.mjs'
import { demo } from './support/server.mjs'
import { walk } from './support/walk.mjs'

const shown = await demo()
after(() => shown.stop())

walk('from opening the demo to why Nordic Parts was paused in at most four clicks', async (open) => {
  const page = await open(shown)
  let clicks = 0
  const click = async (target) => {
    clicks += 1
    await target.click()
    await settled(page)
  }
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  const strip = page.getByRole('region', { name: 'Paused' })
  // The demo's account goes bad within a minute, while the page is open.
  await strip.getByRole('link', { name: 'Nordic Parts ApS' }).waitFor({ timeout: 100_000 })

  await click(strip.getByRole('link', { name: 'Nordic Parts ApS' }))
  const main = page.getByRole('main')
  await main.getByRole('heading', { level: 1, name: '3 conversations in a row scored below 3.00' }).waitFor()
  await main.getByRole('heading', { name: 'What tripped it' }).waitFor()
  await click(main.locator('a[href*="/conversations/"]').first())
  const sum = page.getByRole('table', { name: 'The exact sum' })
  await sum.waitFor()
  // What pulled the score down stands there with its share.
  assert.match(await sum.innerText(), /[−-]\d\.\d/)
  assert.ok(clicks <= 4, `${clicks} clicks`)
})
