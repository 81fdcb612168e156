/** A backtest (R10.7): asked for, and followed where it takes longer. */
import { ApiFailure, body, DELETE, GET, POST, type Schemas } from '../../api/client'

type Result = Schemas['Backtest']
const APART = 500

export class Backtest {
  result = $state.raw<Result | null>(null)
  error = $state.raw<unknown>(null)
  busy = $state(false)
  /** 0 to 1; null until the server tells. */
  progress = $state<number | null>(null)
  /** What the result is of. */
  asked = $state.raw<{ settings: Record<string, unknown>; from: string; to: string } | null>(null)
  private stopping = new AbortController()
  private id: string | null = null

  constructor(private workspace: string) {}

  async ask(settings: Record<string, unknown>, bounds: { from: string; to: string }): Promise<void> {
    const cancelled = this.cancel()
    const stopping = (this.stopping = new AbortController())
    this.busy = true
    this.error = this.progress = this.result = null
    this.asked = { settings, ...bounds }
    try {
      await cancelled
      stopping.signal.throwIfAborted()
      const result = await this.wait(settings, bounds, stopping.signal)
      if (!stopping.signal.aborted) this.result = result
    } catch (cause) {
      if (!stopping.signal.aborted) this.error = cause
    }
    if (!stopping.signal.aborted) this.busy = false
  }

  private async wait(
    settings: Record<string, unknown>,
    bounds: { from: string; to: string },
    signal: AbortSignal,
  ): Promise<Result | null> {
    const answer = await POST('/api/workspaces/{workspaceId}/quality/backtest', {
      params: { path: { workspaceId: this.workspace } },
      body: { settings: settings as Schemas['BacktestSettings'], ...bounds },
      signal,
    })
    if (answer.response.status !== 202) return answer.data as Result
    let state = answer.data as Schemas['BacktestProgress']
    this.id = state.id
    const params = { path: { workspaceId: this.workspace, backtestId: state.id } }
    while (state.result === null && !signal.aborted) {
      this.progress = state.progress
      await new Promise((resume) => setTimeout(resume, APART))
      state = await body(GET('/api/workspaces/{workspaceId}/quality/backtest/{backtestId}', { params, signal }))
    }
    this.id = null
    return state.result
  }

  /** Gives it up, at the server as well: a tenant has one under way at a time. */
  cancel = async (): Promise<void> => {
    this.stopping.abort()
    this.busy = false
    const id = this.id
    this.id = null
    if (!id) return
    const params = { path: { workspaceId: this.workspace, backtestId: id } }
    // One that is gone already is what was wanted.
    await DELETE('/api/workspaces/{workspaceId}/quality/backtest/{backtestId}', { params }).catch((cause) => {
      if (!(cause instanceof ApiFailure)) throw cause
    })
  }
}
