// Yields what happens in a workspace, each once and in order, across lost connections.
export interface Told {
  type: string;
  data: any;
  /** Keep the last one to go on after a restart of your own. */
  id: string;
}

class Refused extends Error {}

export async function* effects(
  url: string,
  workspace: string,
  key: string,
  types = '',
  lastId = '',
): AsyncGenerator<Told> {
  const query = types ? `?${new URLSearchParams({ types })}` : '';
  while (true) {
    const silence = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const answer = await fetch(`${url}/api/workspaces/${workspace}/quality/stream${query}`, {
        headers: { Authorization: `Bearer ${key}`, ...(lastId ? { 'Last-Event-ID': lastId } : {}) },
        signal: silence.signal,
      });
      if ([400, 401, 403, 404].includes(answer.status)) throw new Refused(`the stream answered ${answer.status}`);
      if (!answer.ok || !answer.body) throw new Error(`the stream answered ${answer.status}`);
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let waiting = '';
      while (true) {
        clearTimeout(timer);
        // Something comes every 15 seconds, or the connection is dead.
        timer = setTimeout(() => silence.abort(), 40_000);
        const { done, value } = await reader.read();
        if (done) break;
        const events = (waiting + value).split('\n\n');
        waiting = events.pop() ?? '';
        for (const event of events) {
          const lines = event.split('\n');
          const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
          lastId = field('id') ?? lastId;
          const data = field('data');
          if (data !== undefined) yield { type: field('event') ?? 'message', data: JSON.parse(data), id: lastId };
        }
      }
    } catch (error) {
      if (error instanceof Refused) throw error;
    } finally {
      clearTimeout(timer);
      silence.abort();
    }
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  }
}
