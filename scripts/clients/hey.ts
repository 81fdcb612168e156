// Asks a running server through what @hey-api/openapi-ts makes of its document: `URL WORKSPACE KEY`.
import { createClient } from './hey/client';
import { askGate, getConversationQuality, ingestEvents, listCircuitBreakers, updateCsatConfig } from './hey/sdk.gen';
import type { AllRejected, ConversationScored, Event, Failure, IngestAnswer, MessageReceived } from './hey/types.gen';
import { conversation, is, type Equal } from './support';

const [url, workspaceId, key] = process.argv.slice(2) as [string, string, string];
const client = createClient({ auth: key, baseUrl: url });
const at = { client, path: { workspaceId } };

const message = (id: string): MessageReceived =>
  ({ specversion: '1.0', id, source: 'hey', type: 'message.received', data: { conversationId: conversation(2), text: 'Where is my order?' } });
const scored = (id: string, outcomeScore: number): ConversationScored => {
  const data = { conversationId: conversation(2), outcomeScore, processScore: 3.5, environmentScore: 4, resolved: true };
  return { specversion: '1.0', id, source: 'hey', type: 'conversation.scored', data };
};

async function main() {
  const one = await ingestEvents({ ...at, body: message('one') });
  const typed: Equal<typeof one.data, IngestAnswer | undefined> = true;
  is(typed && one.data?.accepted, 1);

  const batch: Event[] = [message('one'), scored('two', 4.5)];
  const taken = await ingestEvents({ ...at, body: batch });
  is([taken.response?.status, taken.data], [202, { accepted: 1, duplicates: 1, rejected: [] }]);

  const partly = await ingestEvents({ ...at, body: [scored('three', 9), scored('four', 4)] });
  is([partly.response?.status, partly.data?.accepted, partly.data?.rejected[0]?.code], [207, 1, 'invalid_field']);
  const refused = await ingestEvents({ ...at, body: [scored('five', 9)] });
  const failed: Equal<typeof refused.error, AllRejected | Failure | undefined> = true;
  is(failed && refused.error && 'rejected' in refused.error && refused.error.rejected[0]?.pointer, '/data/outcomeScore');

  const score = await getConversationQuality({ client, path: { conversationId: conversation(2) } });
  is(score.data?.outcomeScore, 4);
  const breakers = await listCircuitBreakers(at);
  is(breakers.data, { items: [], total: 0 });
  const gate = await askGate(at);
  is(gate.data?.decision, 'proceed');

  const changed = await updateCsatConfig({ ...at, body: { circuitBreakerCount: 4, baselineOutcome: null } });
  is(changed.data?.circuitBreakerCount, 4);
  const wrong = await updateCsatConfig({ ...at, body: { circuitBreakerCount: 0 } });
  const named: Equal<typeof wrong.error, Failure | undefined> = true;
  is(named && wrong.error?.details?.[0]?.pointer, '/circuitBreakerCount');
  const nothing = await getConversationQuality({ client, path: { conversationId: workspaceId } });
  is(nothing.error?.code, 'not_found');
}

// What must not compile.
export async function refused() {
  // @ts-expect-error an unknown type
  await ingestEvents({ ...at, body: { ...message('one'), type: 'message.lost' } });
  // @ts-expect-error a batch with an event that has no data
  await ingestEvents({ ...at, body: [message('one'), { specversion: '1.0', id: 'two', source: 'hey', type: 'message.received' }] });
  // @ts-expect-error a member of data that no message has
  const wrong: Event = { ...message('one'), data: { conversationId: conversation(2), txt: '' } };
  return wrong;
}

void main();
