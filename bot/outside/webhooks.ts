import { createHmac } from 'node:crypto';
import type { Sent, WebhookCall } from './outside.ts';
import { postJson } from './post-json.ts';

export interface Webhook {
  url: string;
  /** As Standard Webhooks writes it: `whsec_`, then base64. */
  secret: string;
}

/** Signed as Standard Webhooks has it (docs/facts.md#standard-webhooks): id, time of this try and body, by HMAC-SHA256. */
export function callWebhook(
  { url, secret }: Webhook,
  to: string,
  { id, atMs, data }: WebhookCall,
  { nowMs, limitMs }: { nowMs: number; limitMs?: number },
): Promise<Sent> {
  const body = JSON.stringify({ type: 'gobutton.step', timestamp: new Date(atMs).toISOString(), data });
  const timestamp = String(Math.floor(nowMs / 1_000));
  return postJson({
    url,
    headers: {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signature(secret, `${id}.${timestamp}.${body}`),
    },
    body,
    whom: `The webhook ${to}`,
    ...(limitMs === undefined ? {} : { limitMs }),
  });
}

export function signature(secret: string, signed: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}
