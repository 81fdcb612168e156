// Section 7 at the page: an account goes bad while somebody looks, is paused, taken on and let go again.
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { go, settled } from './support/browser.mjs'
import { Server } from './support/server.mjs'
import { walk } from './support/walk.mjs'
import { account, until } from './support/workspace.mjs'

const server = await Server.start()
after(() => server.stop())

walk('a breaker trips live, is acknowledged with a note and resolved', async (open) => {
  const workspace = await server.workspace()
  const nordic = account('Nordic Parts ApS')
  await workspace.please(nordic)
  const page = await open(workspace)
  await page.getByRole('status').filter({ hasText: 'Live' }).waitFor()
  const strip = page.getByRole('region', { name: 'Paused' })
  assert.equal(await strip.count(), 0)

  const breaker = await workspace.trip(nordic)
  await strip.getByRole('link', { name: nordic.name }).waitFor()
  await strip.getByRole('button', { name: 'Acknowledge' }).click()
  const dialog = page.getByRole('dialog', { name: 'Acknowledge' })
  await dialog.getByRole('textbox', { name: 'Note' }).fill('Ada looks into the wrong parts.')
  await dialog.getByRole('button', { name: 'Acknowledge' }).click()
  await dialog.waitFor({ state: 'hidden' })
  const detail = () => workspace.ask(`quality/circuit-breakers/${breaker.id}`)
  const { state, history } = await detail()
  assert.deepEqual([state, history.at(-1).note], ['acknowledged', 'Ada looks into the wrong parts.'])

  await strip.getByRole('link', { name: nordic.name }).click()
  await settled(page)
  await page.getByText('Ada looks into the wrong parts.').waitFor()
  await page.getByRole('button', { name: 'Resolve' }).click()
  // A dialog may ask whether that is meant.
  const sure = page.getByRole('dialog').getByRole('button', { name: 'Resolve' })
  await until(async () => (await sure.isVisible()) || (await detail()).state === 'resolved', 'the resolve')
  if (await sure.isVisible()) await sure.click()
  await until(async () => (await detail()).state === 'resolved', 'the breaker to be resolved')
  await go(page, workspace, 'overview')
  await strip.waitFor({ state: 'hidden' })
})

walk('r7_5 nobody resolves what nobody has acknowledged, and the page says why', async (open) => {
  const workspace = await server.workspace()
  const breaker = await workspace.trip(account('Quickstep Shoes'))
  const page = await open(workspace, { to: `breakers/${breaker.id}` })
  const resolve = page.getByRole('button', { name: 'Resolve' })
  assert.equal(await resolve.isDisabled(), true)
  assert.match(await page.getByRole('main').innerText(), /acknowledge/i)
  for (const heading of ['What tripped it', 'Timeline']) await page.getByRole('heading', { name: heading }).waitFor()

  // Somebody else acknowledges it: this page hears of it.
  await workspace.tell(`quality/circuit-breakers/${breaker.id}/acknowledge`, { note: 'From my phone' })
  await page.getByText('From my phone').waitFor()
  await until(() => resolve.isEnabled(), 'Resolve to be possible')

  await page.getByRole('textbox', { name: 'Note' }).fill('It was the new catalogue.')
  await page.getByRole('button', { name: 'Add note' }).click()
  await page.getByText('It was the new catalogue.').waitFor()
})

walk('r12_2 a breaker leads to the conversations that tripped it', async (open) => {
  const workspace = await server.workspace()
  const breaker = await workspace.trip(account('Bluefin Logistics'))
  const page = await open(workspace, { to: `breakers/${breaker.id}` })
  const { evidence } = await workspace.ask(`quality/circuit-breakers/${breaker.id}`)
  assert.equal(evidence.length, 3)
  for (const { conversationId } of evidence)
    await page.locator(`main a[href*="conversations/${conversationId}"]`).first().waitFor()
})

walk('the AI is paused by hand, and the list has each state', async (open) => {
  const workspace = await server.workspace()
  await workspace.please(account('Maple Street Dental'))
  const page = await open(workspace, { to: 'breakers' })
  await page.getByRole('button', { name: 'Pause the AI' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('radio', { name: /whole workspace/i }).check()
  await dialog.getByRole('textbox', { name: 'Reason' }).fill('A wrong price list is out.')
  await dialog.getByRole('button', { name: 'Pause now' }).click()
  // It leads to the breaker that it has made.
  await page.getByRole('heading', { level: 1, name: 'A wrong price list is out.' }).waitFor()
  assert.equal((await workspace.ask('quality/gate')).decision, 'pause')

  await go(page, workspace, 'breakers')
  await page.getByText('A wrong price list is out.').first().waitFor()
  await page.getByRole('link', { name: 'Resolved' }).click()
  await page.getByText('A wrong price list is out.').first().waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'All' }).click()
  await page.getByText('A wrong price list is out.').first().waitFor()
})
