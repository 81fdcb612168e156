// R2.13b: people sign in where they are known, and the page never sees their password.
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { AUDIENCE, CLIENT, Issuer } from './issuer.mjs'
import { settled } from './support/browser.mjs'
import { Server } from './support/server.mjs'
import { walk } from './support/walk.mjs'

const issuer = await Issuer.start()
const server = await Server.start(issuer.settings)
after(async () => {
  await server.stop()
  issuer.stop()
})

walk('r2_13b people sign in at the issuer, with proof of who began', async (open) => {
  const workspace = await server.workspace()
  issuer.person = { org: workspace.tenant, sub: 'kp_ada', permissions: ['quality:read', 'quality:write'] }
  const page = await open(workspace, { signedOut: true, origins: [issuer.url] })
  await page.getByRole('button', { name: `Sign in at ${new URL(issuer.url).host}` }).click()
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  await settled(page)
  assert.equal(new URL(page.url()).search, '')
  const { client_id, audience, code_challenge_method, state, redirect_uri } = issuer.asked.at(-1)
  assert.deepEqual([client_id, audience, code_challenge_method], [CLIENT, AUDIENCE, 'S256'])
  assert.ok(state.length > 20)
  assert.equal(redirect_uri, `${workspace.url}/`)
  await page.getByText('Signed in').click()
  const who = page.locator('header details')
  await who.getByText('kp_ada').waitFor()
  for (const scope of issuer.person.permissions) assert.ok((await who.innerText()).includes(scope), scope)
})

walk('a code that came without a beginning in this tab is not used', async (open) => {
  const workspace = await server.workspace()
  const page = await open(workspace, { signedOut: true, origins: [issuer.url] })
  await page.goto(`${workspace.url}/?code=stolen&state=guessed`)
  await page.getByRole('alert').waitFor()
  await page.getByLabel('API key').waitFor()
  assert.equal(new URL(page.url()).search, '')
})
