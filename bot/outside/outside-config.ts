import { z } from 'zod';
import { secret } from '../../infra/environment.ts';
import type { PagerDuty } from './pagerduty.ts';
import type { Webhook } from './webhooks.ts';

/** Whom steps may call beyond AWS and Slack. A runbook names them; addresses and secrets are the deployment's. */
export interface OutsideConfig {
  pagerDuty: PagerDuty | null;
  webhooks: Readonly<Record<string, Webhook>>;
}

const EXPECT = {
  key: 'the integration key of an Events API v2 integration of PagerDuty: 32 letters and digits',
  url: 'the address of PagerDuty’s Events API like https://events.eu.pagerduty.com/v2/enqueue',
  webhooks:
    'JSON like {"ads-team": {"url": "https://ads.example.com/hook", "secret": "whsec_…"}}: https, and a secret of 24 to 64 bytes in base64',
} as const;

export const OUTSIDE_SECRETS = [secret('GOBUTTON_PAGERDUTY_KEY'), secret('GOBUTTON_WEBHOOKS')];

/** To oneself without TLS is for trying it out. */
const address = (expected: string) =>
  z.string(expected).refine((text) => {
    if (!URL.canParse(text)) return false;
    const { protocol, hostname, username, password } = new URL(text);
    const isOwn = hostname === '127.0.0.1' || hostname === 'localhost';
    return (protocol === 'https:' || (protocol === 'http:' && isOwn)) && username === '' && password === '';
  }, expected);

const webhooks = z.record(
  z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/),
  z.strictObject({
    url: address(EXPECT.webhooks),
    secret: z
      .string()
      .regex(/^whsec_[A-Za-z0-9+/]+={0,2}$/)
      .refine((text) => {
        const { length } = Buffer.from(text.slice('whsec_'.length), 'base64');
        return length >= 24 && length <= 64;
      }),
  }),
);

export const OUTSIDE_VARIABLES = {
  GOBUTTON_PAGERDUTY_KEY: z
    .string(EXPECT.key)
    .regex(/^[A-Za-z0-9]{32}$/, EXPECT.key)
    .optional(),
  GOBUTTON_PAGERDUTY_URL: address(EXPECT.url).default('https://events.pagerduty.com/v2/enqueue'),
  GOBUTTON_WEBHOOKS: z
    .string()
    .transform((text, context): Record<string, Webhook> => {
      const read = webhooks.safeParse(parsed(text));
      if (read.success) return read.data;
      context.addIssue({ code: 'custom', message: EXPECT.webhooks });
      return z.NEVER;
    })
    .optional(),
};

export function outsideOf(found: {
  GOBUTTON_PAGERDUTY_KEY?: string | undefined;
  GOBUTTON_PAGERDUTY_URL: string;
  GOBUTTON_WEBHOOKS?: Record<string, Webhook> | undefined;
}): OutsideConfig {
  const { GOBUTTON_PAGERDUTY_KEY: key, GOBUTTON_PAGERDUTY_URL: url, GOBUTTON_WEBHOOKS: named = {} } = found;
  return { pagerDuty: key === undefined ? null : { key, url }, webhooks: named };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
