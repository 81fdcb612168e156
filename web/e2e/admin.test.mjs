// What administrators do: keys, endpoints of webhooks, and taking a table along.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { after } from 'node:test'
import { lead } from './support/browser.mjs'
import { Server } from './support/server.mjs'
import { walk } from './support/walk.mjs'
import { account, until } from './support/workspace.mjs'

const server = await Server.start({ TRIPSWITCH__WEBHOOKS__ALLOW_PRIVATE: 'true' })
after(() => server.stop())

walk('r2_11 a key is made, shown once, and revoked', async (open) => {
  const workspace = await server.workspace()
  const page = await open(workspace)
  await lead(page, '#/keys')
  await page.getByRole('button', { name: 'Make a key' }).click()
  const form = page.getByRole('dialog', { name: 'Make a key' })
  await form.getByRole('textbox', { name: 'Name' }).fill('Anna')
  await form.getByRole('checkbox', { name: 'quality:read' }).check()
  await form.getByRole('button', { name: 'Make the key' }).click()
  const shown = page.getByRole('dialog', { name: 'Your new key' })
  const key = (await shown.locator('pre').innerText()).trim()
  assert.match(key, /^sf_live_v1_[A-Za-z0-9]{32}$/)
  const may = () =>
    fetch(`${workspace.url}/api/me`, { headers: { Authorization: `Bearer ${key}` } }).then(({ status }) => status)
  assert.equal(await may(), 200)
  // Escape does not lose it.
  await page.keyboard.press('Escape')
  await shown.getByRole('button', { name: 'I have kept it' }).click()
  await shown.waitFor({ state: 'hidden' })
  assert.ok(!(await page.content()).includes(key), 'the key is still in the page')

  await page.getByRole('row', { name: 'Anna' }).getByRole('button', { name: 'Revoke' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await until(async () => (await may()) === 401, 'the key to be refused')
})

walk('r8_3 an endpoint is added, tested, and its deliveries shown', async (open) => {
  const heard = []
  const receiver = createServer((request, response) => {
    heard.push(request.headers['webhook-id'])
    request.resume()
    response.writeHead(204).end()
  })
  await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  after(() => receiver.close())
  const workspace = await server.workspace()
  const page = await open(workspace, { to: 'webhooks' })
  await page.getByRole('button', { name: 'Add an endpoint' }).first().click()
  const form = page.getByRole('dialog', { name: 'Add an endpoint' })
  await form.getByRole('textbox', { name: 'Address (URL)' }).fill(`http://127.0.0.1:${receiver.address().port}/hook`)
  await form.getByRole('checkbox', { name: 'breaker.triggered' }).check()
  await form.getByRole('textbox', { name: 'Description' }).fill('Paging')
  await form.getByRole('button', { name: 'Save' }).click()
  await page.getByText(/whsec_/).waitFor()
  await page.getByRole('button', { name: 'I have kept it' }).click()
  const { items } = await workspace.ask('webhooks')
  assert.equal(items[0].description, 'Paging')

  await page.evaluate((hash) => (location.hash = hash), `#/w/${workspace.id}/webhooks/${items[0].id}`)
  await page.getByRole('button', { name: 'Send a test' }).click()
  await until(() => heard.length === 1, 'the test')
  await page.getByText('Result of the test').waitFor()
  await workspace.trip(account('Nordic Parts ApS'))
  await until(() => heard.length === 2, 'the breaker')
  await page.getByRole('button', { name: 'Resend' }).first().click()
  await until(() => heard.length === 3, 'it once more')
  assert.equal(heard[1], heard[2])
})

walk('r6_6 the table in view is taken along as CSV, with all its rows', async (open) => {
  const workspace = await server.workspace()
  await workspace.history([account('Harbour Coffee Roasters'), account('=1+1')], 60)
  const page = await open(workspace, { to: 'conversations?period=last_90d' })
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save as CSV' }).click(),
  ])
  const rows = (await readFile(await download.path(), 'utf8')).trim().split('\r\n')
  assert.match(download.suggestedFilename(), /\.csv$/)
  assert.equal(rows.length, 1 + 120)
  // Nothing that a spreadsheet would run.
  assert.ok(rows.some((row) => row.includes("'=1+1")))
})
