// First use: a workspace without an event shows how to send one, and notices it.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after } from 'node:test'
import { promisify } from 'node:util'
import { Server } from './support/server.mjs'
import { walk } from './support/walk.mjs'

const server = await Server.start()
after(() => server.stop())

walk('an empty workspace shows what to paste into a terminal, and notices what it sends', async (open) => {
  const workspace = await server.workspace()
  const page = await open(workspace)
  const main = page.getByRole('main')
  const paste = async () => {
    const line = await main.locator('pre:visible').filter({ hasText: 'curl' }).first().innerText()
    for (const part of [workspace.id, workspace.url]) assert.ok(line.includes(part), line)
    // The key is the reader's to fill in: a variable of the shell.
    assert.ok(!line.includes(workspace.key), 'the key is shown')
    const env = { ...process.env, KEY: workspace.key }
    const { stdout } = await promisify(execFile)('bash', ['-c', line], { env })
    assert.match(stdout, /"accepted":\s*1/)
  }
  await main.getByText('curl').first().waitFor()
  await paste()
  await main.getByText('Your first event has arrived.').waitFor()
  await paste()
  await main.getByText('Your first conversation has a score.').waitFor()
  await main.getByRole('button', { name: 'Go to the overview' }).click()
  await main.getByRole('link', { name: 'Nordic Parts' }).first().waitFor()
})
