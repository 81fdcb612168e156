// First use: a workspace without an event shows how to send one, and notices it.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after } from 'node:test'
import { promisify } from 'node:util'
import { walk } from './support/browser.mjs'
import { Server } from './support/server.mjs'

const server = await Server.start()
after(() => server.stop())

walk('an empty workspace shows a line for a terminal that works as pasted, and notices what it sends', async (open) => {
  const workspace = await server.workspace()
  const page = await open(workspace)
  const code = page.locator('main code, main pre').filter({ hasText: 'curl' }).first()
  await code.waitFor()
  const line = await code.innerText()
  assert.ok(line.includes(workspace.id), line)
  assert.ok(line.includes(workspace.url), line)
  assert.ok(!line.includes(workspace.key), 'the key is not shown')
  // The key is the reader's to fill in: a variable of the shell.
  const variable = line.match(/Bearer \$\{?(\w+)/)?.[1]
  assert.ok(variable, line)
  const env = { ...process.env, [variable]: workspace.key }
  const { stdout } = await promisify(execFile)('bash', ['-c', line], { env })
  assert.match(stdout, /"accepted":\s*[1-9]/)
  await code.waitFor({ state: 'detached' })
})
