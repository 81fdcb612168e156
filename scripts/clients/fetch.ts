// Asks a running server through openapi-fetch, with the types that openapi-typescript makes of its document:
// `URL WORKSPACE KEY`.
import createClient from 'openapi-fetch';
import type { components, paths } from './schema';
import { conversation, is, type Equal } from './support';

type Schemas = components['schemas'];
const [url, workspaceId, key] = process.argv.slice(2) as [string, string, string];
const client = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } });
const params = { path: { workspaceId } };
const events = '/api/workspaces/{workspaceId}/events';
const quality = '/api/conversations/{conversationId}/quality';
const config = '/api/workspaces/{workspaceId}/csat-config';

const message = (id: string): Schemas['MessageReceived'] =>
  ({ specversion: '1.0', id, source: 'fetch', type: 'message.received', data: { conversationId: conversation(3), text: 'Where is my order?' } });
const scored = (id: string, outcomeScore: number): Schemas['ConversationScored'] => {
  const data = { conversationId: conversation(3), outcomeScore, processScore: 3.5, environmentScore: 4, resolved: true };
  return { specversion: '1.0', id, source: 'fetch', type: 'conversation.scored', data };
};

async function main() {
  const one = await client.POST(events, { params, body: message('one') });
  const typed: Equal<typeof one.data, Schemas['IngestAnswer'] | undefined> = true;
  is(typed && one.data?.accepted, 1);

  const batch: Schemas['Event'][] = [message('one'), scored('two', 4.5)];
  const taken = await client.POST(events, { params, body: batch });
  is([taken.response.status, taken.data], [202, { accepted: 1, duplicates: 1, rejected: [] }]);

  const partly = await client.POST(events, { params, body: [scored('three', 9), scored('four', 4)] });
  is([partly.response.status, partly.data?.accepted, partly.data?.rejected[0]?.code], [207, 1, 'invalid_field']);
  const refused = await client.POST(events, { params, body: [scored('five', 9)] });
  const failed: Equal<typeof refused.error, Schemas['AllRejected'] | Schemas['Failure'] | undefined> = true;
  is(failed && refused.error && 'rejected' in refused.error && refused.error.rejected[0]?.pointer, '/data/outcomeScore');

  const score = await client.GET(quality, { params: { path: { conversationId: conversation(3) } } });
  is(score.data?.outcomeScore, 4);
  const breakers = await client.GET('/api/workspaces/{workspaceId}/quality/circuit-breakers', { params });
  is(breakers.data, { items: [], total: 0 });
  const gate = await client.GET('/api/workspaces/{workspaceId}/quality/gate', { params });
  is(gate.data?.decision, 'proceed');

  const changed = await client.PATCH(config, { params, body: { circuitBreakerCount: 4, baselineOutcome: null } });
  is(changed.data?.circuitBreakerCount, 4);
  const wrong = await client.PATCH(config, { params, body: { circuitBreakerCount: 0 } });
  const named: Equal<typeof wrong.error, Schemas['Failure'] | undefined> = true;
  is(named && wrong.error?.details?.[0]?.pointer, '/circuitBreakerCount');
  const nothing = await client.GET(quality, { params: { path: { conversationId: workspaceId } } });
  is(nothing.error?.code, 'not_found');
}

// What must not compile.
export async function refused() {
  // @ts-expect-error an unknown type
  await client.POST(events, { params, body: { ...message('one'), type: 'message.lost' } });
  // @ts-expect-error a batch with an event that has no data
  await client.POST(events, { params, body: [message('one'), { specversion: '1.0', id: 'two', source: 'fetch', type: 'message.received' }] });
  // @ts-expect-error a member of data that no message has
  const wrong: Schemas['Event'] = { ...message('one'), data: { conversationId: conversation(3), txt: '' } };
  return wrong;
}

void main();
