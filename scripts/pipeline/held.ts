// Yields every decision on an account, as soon as it is another one.
export async function* decisions(url: string, workspace: string, key: string, account: string): AsyncGenerator<string> {
  let epoch: number | undefined;
  let last: string | undefined;
  while (true) {
    const query = new URLSearchParams({ accountId: account });
    if (epoch !== undefined) {
      query.set('waitEpoch', String(epoch));
      query.set('timeoutSeconds', '30');
    }
    let now: { decision: string; epoch: number };
    try {
      const answer = await fetch(`${url}/api/workspaces/${workspace}/quality/gate?${query}`, {
        headers: { Authorization: `Bearer ${key}` },
        signal: AbortSignal.timeout(40_000), // longer than the gate holds
      });
      if (!answer.ok) throw new Error(`the gate answered ${answer.status}`);
      now = await answer.json();
    } catch {
      epoch = undefined; // asks for the present as soon as there is an answer
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      continue;
    }
    epoch = now.epoch;
    if (now.decision !== last) yield (last = now.decision);
  }
}
