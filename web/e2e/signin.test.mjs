// R12.1: how a reader comes in, and what stays of it.
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { Server } from './support/server.mjs'
import { walk } from './support/walk.mjs'

const server = await Server.start()
after(() => server.stop())

const kept = (page) => page.evaluate(() => [sessionStorage.length, document.cookie])

walk('r12_1 a key in the form signs in, stays in the tab and goes with signing out', async (open) => {
  const workspace = await server.workspace('Support at Quillfeather')
  const page = await open(workspace, { signedOut: true })
  await page.getByLabel('API key').fill(workspace.key)
  await page.getByRole('button', { name: 'Sign in with the key' }).click()
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  await page.getByText(workspace.name).first().waitFor()
  assert.match(page.url(), new RegExp(`#/w/${workspace.id}/overview$`))
  await page.reload()
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  assert.deepEqual(await kept(page), [1, ''])

  await page.getByText('Signed in').click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  assert.deepEqual(await kept(page), [0, ''])
})

walk('r12_1 a key in the fragment signs in and is nowhere in the address or the history', async (open) => {
  const workspace = await server.workspace()
  const page = await open(workspace)
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  assert.ok(!page.url().includes('key='), page.url())
  const protocol = await page.context().newCDPSession(page)
  const { entries } = await protocol.send('Page.getNavigationHistory')
  for (const { url } of entries) assert.ok(!url.includes(workspace.key), url)
})

walk('r12_1 a tab that is opened beside is signed in, and signing out is for both', async (open) => {
  const workspace = await server.workspace('Support at Quillfeather')
  const page = await open(workspace)
  const other = await page.context().newPage()
  await other.goto(`${workspace.url}/#/w/${workspace.id}/accounts?risk=high`)
  await other.getByRole('heading', { level: 1, name: 'Accounts' }).waitFor()
  assert.match(other.url(), /accounts\?risk=high$/)
  await other.getByText('Signed in').click()
  await other.getByRole('button', { name: 'Sign out' }).click()
  for (const tab of [other, page]) {
    await tab.getByRole('heading', { name: 'Sign in' }).waitFor()
    assert.deepEqual(await kept(tab), [0, ''])
  }
})

walk('a key that is none is refused with a reason', async (open) => {
  const workspace = await server.workspace()
  const page = await open(workspace, { signedOut: true, expected: ['status of 401'] })
  await page.getByLabel('API key').fill(`sf_live_v1_${'x'.repeat(32)}`)
  await page.getByRole('button', { name: 'Sign in with the key' }).click()
  await page.getByRole('alert').waitFor()
  assert.match(await page.getByRole('alert').innerText(), /Request [0-9a-f-]{36}/)
  assert.deepEqual(await kept(page), [0, ''])
})

walk('a credential that is revoked meanwhile ends the session', async (open) => {
  const workspace = await server.workspace()
  const key = await workspace.keyWith(['quality:read'])
  const page = await open(workspace, { key, expected: ['status of 401'] })
  await workspace.revoke(key)
  await page.getByText('You have been signed out').waitFor()
  assert.deepEqual(await kept(page), [0, ''])
})
