// Verifies a webhook (Standard Webhooks) with nothing but what Node.js and browsers have.
const TOLERANCE = 300; // seconds

const bytes = (base64: string) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/** What the body says, if it is signed with the secret and not old. The body as it came. */
export async function verify(secret: string, headers: Headers, body: string): Promise<any> {
  const header = (name: string) => headers.get(`webhook-${name}`) ?? '';
  const timestamp = header('timestamp');
  if (!(Math.abs(Date.now() / 1_000 - Number(timestamp)) <= TOLERANCE)) {
    throw new Error('the webhook is too old, or a clock is wrong');
  }
  const hmac = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', bytes(secret.replace(/^whsec_/, '')), hmac, false, ['verify']);
  const signed = new TextEncoder().encode(`${header('id')}.${timestamp}.${body}`);
  // There are two after a rotation of the secret.
  for (const one of header('signature').split(' ')) {
    const [version, signature = ''] = one.split(',');
    if (version === 'v1' && (await crypto.subtle.verify('HMAC', key, bytes(signature), signed))) {
      return JSON.parse(body);
    }
  }
  throw new Error('the webhook is not signed with this secret');
}
