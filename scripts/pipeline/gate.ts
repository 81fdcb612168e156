// Asks the gate before the AI answers.
const TIMEOUT = 500; // milliseconds; a customer waits meanwhile
const KEPT = 60_000; // milliseconds for which the last answer is good while there is no other

export class Gate {
  private readonly last = new Map<string, { decision: string; when: number }>();

  constructor(
    private readonly url: string,
    private readonly workspace: string,
    private readonly key: string,
    private readonly failOpen: boolean,
  ) {}

  async mayAnswer(account: string): Promise<boolean> {
    const query = new URLSearchParams({ accountId: account });
    let answer: Response;
    let decision: string;
    try {
      answer = await fetch(`${this.url}/api/workspaces/${this.workspace}/quality/gate?${query}`, {
        headers: { Authorization: `Bearer ${this.key}` },
        signal: AbortSignal.timeout(TIMEOUT),
      });
      decision = (await answer.json()).decision;
    } catch {
      return this.unknown(account); // no connection, no answer in time, an answer that is none
    }
    if ([400, 401, 403, 404].includes(answer.status)) {
      throw new Error(`the gate answered ${answer.status}`); // a mistake of ours, which no fallback may hide
    }
    if (!answer.ok) return this.unknown(account);
    this.last.set(account, { decision, when: performance.now() });
    return decision === 'proceed';
  }

  private unknown(account: string): boolean {
    const last = this.last.get(account);
    return last && performance.now() - last.when < KEPT ? last.decision === 'proceed' : this.failOpen;
  }
}
