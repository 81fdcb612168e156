// Sends events as the CloudEvents SDK for JavaScript writes them: `URL WORKSPACE KEY`.
import { CloudEvent, CONSTANTS, HTTP } from 'cloudevents';

const [url, workspace, key] = process.argv.slice(2);

// The id, the time and the version are the SDK's own.
const event = (name) =>
  new CloudEvent({
    source: `/sdk/node/${name}`,
    type: 'message.received',
    subject: 'Blåbær & co',
    data: { conversationId: '0191b5a2-7c3e-7d11-9f00-0000000000b5', text: 'Tak for hjælpen' },
  });

async function send({ headers, body }) {
  const sent = { method: 'POST', headers: { ...headers, Authorization: `Bearer ${key}` }, body };
  const answer = await fetch(`${url}/api/workspaces/${workspace}/events`, sent);
  const text = await answer.text();
  if (answer.status !== 202 || JSON.parse(text).accepted === 0) throw new Error(`${answer.status} ${text}`);
}

await send(HTTP.binary(event('binary')));
await send(HTTP.structured(event('structured')));
// The SDK reads batches and writes none; this is what its events are in JSON.
const batch = JSON.stringify([event('first'), event('second')]);
await send({ headers: { [CONSTANTS.HEADER_CONTENT_TYPE]: CONSTANTS.MIME_CE_BATCH }, body: batch });
