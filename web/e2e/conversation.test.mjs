// R12.2: from a customer to the exact sum behind one score, and a person's word in its place.
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { go, settled } from './support/browser.mjs'
import { Server } from './support/server.mjs'
import { walk } from './support/walk.mjs'
import { account, until } from './support/workspace.mjs'

const server = await Server.start()
after(() => server.stop())

/** The numbers of a row's cells, as English has them. */
const numbers = async (row) => {
  const cells = await row.getByRole('cell').allInnerTexts()
  return cells
    .map((text) => text.replace(/[^\d.+−-]/g, '').replace('−', '-'))
    .filter((text) => /\d/.test(text))
    .map(Number)
}
const close = (found, wanted, what) =>
  assert.ok(Math.abs(found - wanted) <= 0.00051, `${what}: ${found}, not ${wanted}`)

walk('r12_2 an account leads to a conversation, and that to the sum of its signals', async (open) => {
  const workspace = await server.workspace()
  const nordic = account('Nordic Parts ApS')
  const id = await workspace.disappoint(nordic)
  const page = await open(workspace, { to: 'accounts' })
  await page.getByRole('link', { name: nordic.name }).click()
  await page.getByRole('heading', { name: 'Why this risk' }).waitFor()
  await page.locator(`main a[href*="conversations/${id}"]`).first().click()
  await settled(page)

  const table = page.getByRole('table', { name: 'The exact sum' })
  await table.waitFor()
  const { scoring, compositeScore } = await workspace.get(`/api/conversations/${id}/quality/explanation`)
  let composite = 0
  const subtotals = table.getByRole('row').filter({ hasText: 'Subtotal' })
  assert.equal(await subtotals.count(), 3)
  // Every row in its order: a dimension's prior, its signals, and what they add up to.
  let sum = 0
  const seen = []
  for (const row of await table.getByRole('row').all()) {
    const text = await row.innerText()
    const last = (await numbers(row)).at(-1)
    if (last === undefined) continue
    if (/Composite/.test(text)) close(last, composite, 'the composite')
    else if (/Subtotal/.test(text)) {
      close(last, sum, 'a subtotal')
      const { total, compositeWeight } = scoring.dimensions[seen.length]
      close(last, total, 'a subtotal of the API')
      seen.push(last)
      composite += last * compositeWeight
      sum = 0
    } else sum += last
  }
  assert.equal(seen.length, 3)
  close(composite, scoring.composite, 'the composite of the API')
  assert.match(await page.getByRole('main').innerText(), new RegExp(compositeScore.toFixed(2).replace('.', '\\.')))
})

walk('r5_9 an override counts at once, wherever the conversation counts', async (open) => {
  const workspace = await server.workspace()
  const nordic = account('Nordic Parts ApS')
  const [first] = [await workspace.disappoint(nordic), await workspace.disappoint(nordic)]
  const health = () => workspace.get(`/api/accounts/${nordic.id}/quality`)
  assert.equal((await health()).consecutiveLow, 2)
  const beside = await open(workspace, { to: `accounts/${nordic.id}` })
  await beside.getByRole('heading', { name: 'Why this risk' }).waitFor()
  const page = await open(workspace, { to: `conversations/${first}` })

  await page.getByRole('button', { name: 'Override' }).click()
  const dialog = page.getByRole('dialog')
  for (const name of ['Outcome', 'Process', 'Environment']) await dialog.getByRole('spinbutton', { name }).fill('5')
  await dialog.getByRole('checkbox', { name: 'Resolved' }).check()
  await dialog.getByRole('textbox', { name: 'Reason' }).fill('The customer called: all was well.')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.getByText('The customer called: all was well.').waitFor()
  const now = await health()
  assert.equal(now.rollingComposite, 3)
  // The account's page, open all the while, follows.
  await until(async () => (await beside.getByRole('main').innerText()).includes('3.00'), 'the account to follow')

  await page.getByRole('button', { name: 'Take back' }).click()
  const sure = page.getByRole('dialog').getByRole('button', { name: 'Take back' })
  const taken = async () => (await health()).consecutiveLow === 2 && (await health()).rollingComposite < 3
  await until(async () => (await sure.isVisible()) || (await taken()), 'it to be taken back')
  if (await sure.isVisible()) await sure.click()
  await until(taken, 'the model to count again')
})

walk('a number that cannot be is refused beside its field, and nothing is saved', async (open) => {
  const workspace = await server.workspace()
  const id = await workspace.please(account('Lindqvist Travel'))
  const page = await open(workspace, { to: `conversations/${id}` })
  await page.getByRole('button', { name: 'Override' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('spinbutton', { name: 'Outcome' }).fill('7')
  await dialog.getByRole('textbox', { name: 'Reason' }).fill('A slip')
  await dialog.getByRole('button', { name: 'Save' }).click()
  assert.equal(await dialog.isVisible(), true)
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  assert.equal((await workspace.get(`/api/conversations/${id}/quality/explanation`)).override, null)
  await go(page, workspace, 'conversations')
  await page.getByRole('table').first().waitFor()
})
