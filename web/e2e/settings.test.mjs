// R3.8, R6.9 and R10.7 at the page: a threshold is tried on what was, looked at once more, saved, and remembered.
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { settled } from './support/browser.mjs'
import { Server } from './support/server.mjs'
import { walk } from './support/walk.mjs'
import { account, DAY, until } from './support/workspace.mjs'

const server = await Server.start()
after(() => server.stop())

walk('r10_7 a threshold is changed after a look at what it would have done', async (open) => {
  const workspace = await server.workspace()
  const maple = account('Maple Street Dental')
  // Three in a row at 3.2: nothing trips at 3.0, and something would have at 3.5.
  for (const minutes of [3, 2, 1]) await workspace.send([workspace.scored(maple, 3.2, Date.now() - minutes * 60_000)])
  assert.equal((await workspace.ask('quality/circuit-breakers')).total, 0)
  const page = await open(workspace, { to: 'settings' })

  await page.getByRole('spinbutton', { name: 'Low below' }).fill('3.5')
  await page.getByRole('button', { name: 'What would it have done?' }).click()
  const main = page.getByRole('main')
  await until(async () => (await main.innerText()).includes(maple.name), 'the breaker that would have tripped')

  await page.getByRole('button', { name: 'Review changes' }).click()
  const dialog = page.getByRole('dialog')
  const diff = await dialog.innerText()
  assert.match(diff, /3(\.0+)?\b/)
  assert.match(diff, /3\.50?\b/)
  assert.equal((await workspace.ask('csat-config')).thresholdLowComposite, 3)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'hidden' })
  assert.equal((await workspace.ask('csat-config')).thresholdLowComposite, 3.5)
  await page.getByRole('heading', { name: 'History' }).waitFor()
  const { data } = await workspace.ask('quality/settings/history')
  assert.deepEqual(data[0].after, { thresholdLowComposite: 3.5 })
  await page.getByRole('table', { name: 'History' }).getByText('3.50').waitFor()
})

walk('range, filters and tabs are in the address: a reload, and whoever gets the link, sees the same', async (open) => {
  const workspace = await server.workspace()
  await workspace.history([account('Harbour Coffee Roasters'), account('Nordic Parts ApS')])
  const page = await open(workspace, { to: 'overview' })
  await page.getByLabel('Period').and(page.locator('select')).selectOption('last_7d')
  await settled(page)
  const chosen = page.url()
  assert.match(chosen, /period=last_7d/)
  await page.reload()
  await settled(page)
  assert.equal(await page.getByLabel('Period').and(page.locator('select')).inputValue(), 'last_7d')
  assert.equal(page.url(), chosen)

  await page.evaluate((id) => (location.hash = `#/w/${id}/breakers?state=resolved`), workspace.id)
  await settled(page)
  await page.reload()
  await settled(page)
  assert.notEqual(await page.getByRole('link', { name: 'Resolved' }).getAttribute('aria-current'), null)

  await page.evaluate((id) => (location.hash = `#/w/${id}/accounts`), workspace.id)
  await settled(page)
  await page.getByRole('searchbox', { name: 'Search by name' }).fill('nordic')
  await page.getByRole('link', { name: 'Harbour Coffee Roasters' }).waitFor({ state: 'detached' })
  await page.reload()
  await settled(page)
  assert.equal(await page.getByRole('searchbox', { name: 'Search by name' }).inputValue(), 'nordic')
  await page.getByRole('link', { name: 'Nordic Parts ApS' }).waitFor()
  assert.equal(await page.getByRole('link', { name: 'Harbour Coffee Roasters' }).count(), 0)
})

walk('days of a range are those of the zone that the reader has chosen', async (open) => {
  const workspace = await server.workspace()
  // An hour before midnight in UTC it is the next day in Tokyo.
  const midnight = Date.parse(new Date(Date.now() - 3 * DAY).toISOString().slice(0, 10))
  await workspace.send([workspace.scored(account('Bluefin Logistics'), 4, midnight - 3_600_000)])
  const day = new Date(midnight).toISOString().slice(0, 10)
  const page = await open(workspace, { to: `overview?from=${day}&to=${day}`, timeZone: 'Asia/Tokyo' })
  await page.getByRole('main').getByText('No conversation was scored in this period').first().waitFor()
  await page.getByLabel('Zone of the days').selectOption('local')
  await settled(page)
  assert.match(page.url(), /zone=local/)
  await page.getByRole('main').getByText('4.00').first().waitFor()
  assert.equal(await page.getByLabel('Zone of the days').locator('option:checked').innerText(), 'Days of Asia/Tokyo')
})
