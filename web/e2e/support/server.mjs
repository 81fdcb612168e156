// The binary under test, with a data directory of its own, away from the repository.
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { Workspace } from './workspace.mjs'

const { TRIPSWITCH_BIN: binary } = process.env
if (!binary) throw new Error('TRIPSWITCH_BIN has to name the binary: see scripts/check-dashboard')

const running = new Set()
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')))

/** Starts the binary; answers once it has printed a line that `fits`, with what was found in it. */
async function begin(args, fits, options) {
  const child = spawn(binary, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  child.once('exit', () => running.delete(child))
  let log = ''
  child.stderr.on('data', (text) => (log = (log + text).slice(-10_000)))
  for await (const line of createInterface({ input: child.stdout })) {
    const found = line.match(fits)
    if (!found) continue
    child.stdout.resume()
    return [child, found[1]]
  }
  throw new Error(`${binary} ${args.join(' ')} has ended: ${log}`)
}

async function end(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await ended
}

export class Server {
  /** Starts one; `settings` are variables like `TRIPSWITCH__AUTH__ISSUER`. */
  static async start(settings = {}) {
    const server = new Server()
    server.settings = settings
    server.place = await mkdtemp(join(tmpdir(), 'tripswitch-e2e-'))
    const made = await promisify(execFile)(binary, ['key', 'create', '--server', '--data-dir', 'data', '-o', 'json'], {
      cwd: server.place,
    })
    server.key = JSON.parse(made.stdout).key
    await server.serve('127.0.0.1:0')
    return server
  }

  async serve(listen) {
    const args = ['serve', '--data-dir', 'data', '--listen', listen, '--admin-listen', '127.0.0.1:0']
    const env = { ...process.env, TRIPSWITCH__LOG__LEVEL: 'warn', ...this.settings }
    const [child, url] = await begin(args, /^listening on (\S+)/, { cwd: this.place, env })
    Object.assign(this, { child, url })
  }

  /** As a power cut would. */
  kill = () => end(this.child, 'SIGKILL')

  /** On the same port and directory as before. */
  restart = () => this.serve(new URL(this.url).host)

  async stop() {
    await end(this.child, 'SIGTERM')
    await rm(this.place, { recursive: true })
  }

  /** A workspace of its own tenant, with a key that may do everything in it. */
  async workspace(name = 'Support') {
    return Workspace.make(this, name)
  }
}

/** `tripswitch demo`: its printed address, which has the demo's key in the fragment. */
export async function demo() {
  const place = await mkdtemp(join(tmpdir(), 'tripswitch-e2e-'))
  const [child, address] = await begin(['demo'], /(http:\/\/\S+\/#key=[A-Za-z0-9_]+)/, { cwd: place })
  const stop = async () => {
    await end(child, 'SIGTERM')
    await rm(place, { recursive: true })
  }
  return { address, key: address.split('#key=')[1], url: new URL(address).origin, stop }
}
