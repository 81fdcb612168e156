// R12.2: whoever may not do a thing sees no button for it, and is told so.
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { go, settled } from './support/browser.mjs'
import { Server } from './support/server.mjs'
import { walk } from './support/walk.mjs'
import { account } from './support/workspace.mjs'

const server = await Server.start()
after(() => server.stop())

const DOES =
  /^(Acknowledge|Resolve|Add note|Pause the AI|Override|Take back|Review changes|Make a key|Revoke|Add an endpoint)$/

walk('r12_2 a key that only reads sees no buttons, and is told why', async (open) => {
  const workspace = await server.workspace()
  const nordic = account('Nordic Parts ApS')
  const breaker = await workspace.trip(nordic)
  const { evidence } = await workspace.ask(`quality/circuit-breakers/${breaker.id}`)
  const key = await workspace.keyWith(['quality:read'])
  const page = await open(workspace, { key })
  const pages = {
    overview: 'quality:write',
    breakers: 'quality:write',
    [`breakers/${breaker.id}`]: 'quality:write',
    [`conversations/${evidence[0].conversationId}`]: 'quality:write',
    settings: 'quality:write',
    webhooks: 'admin',
  }
  for (const [to, scope] of Object.entries(pages)) {
    await go(page, workspace, to)
    const main = page.getByRole('main')
    assert.equal(await main.getByRole('button', { name: DOES }).count(), 0, to)
    assert.ok((await main.innerText()).includes(`lacks the scope ${scope}`), `${to} does not say why`)
  }
  assert.equal(await page.getByRole('navigation').getByRole('link', { name: 'Webhooks' }).count(), 0)
})

walk('a key that only sends events sees how they are taken, and nothing of what they say', async (open) => {
  const workspace = await server.workspace()
  const page = await open(workspace, { key: await workspace.keyWith(['events:write']) })
  await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor()
  assert.deepEqual(await page.getByRole('navigation', { name: 'Pages' }).getByRole('link').allInnerTexts(), ['Events'])
  for (const to of ['overview', 'accounts', 'keys']) {
    await go(page, workspace, to)
    await page.getByText('You may not see this page.').waitFor()
  }
})

walk('another tenant’s workspace is unknown', async (open) => {
  const [workspace, other] = [await server.workspace('Ours'), await server.workspace('Theirs')]
  await other.please(account('Their customer'))
  const page = await open(workspace)
  await page.evaluate((id) => (location.hash = `#/w/${id}/accounts`), other.id)
  await page.getByText('your key does not reach it').waitFor()
  assert.equal(await page.getByText('Their customer').count(), 0)
})

walk('a server key administers and sees no tenant’s data', async (open) => {
  const workspace = await server.workspace()
  const page = await open(workspace, { key: server.key })
  await settled(page)
  const pages = await page.getByRole('navigation', { name: 'Pages' }).getByRole('link').allInnerTexts()
  assert.deepEqual(pages.toSorted(), ['Keys', 'System'])
  await page.getByRole('link', { name: 'System' }).click()
  await page.getByRole('heading', { level: 1, name: 'System' }).waitFor()
})
