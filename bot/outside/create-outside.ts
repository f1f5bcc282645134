import type { OutsideConfig } from './outside-config.ts';
import type { Outside } from './outside.ts';
import { page } from './pagerduty.ts';
import { callWebhook } from './webhooks.ts';

/** What is not configured is refused, with the variable that would. */
export function createOutside(
  { pagerDuty, webhooks }: OutsideConfig,
  { nowMs, limitMs }: { nowMs: () => number; limitMs?: number },
): Outside {
  return {
    page: async (one) =>
      pagerDuty === null
        ? { ok: false, again: false, say: 'nobody can be paged: GOBUTTON_PAGERDUTY_KEY is not set' }
        : page(pagerDuty, one, limitMs),
    webhook: async (to, call) => {
      const webhook = Object.hasOwn(webhooks, to) ? webhooks[to] : undefined;
      const known = Object.keys(webhooks).join(', ') || 'none';
      return webhook === undefined
        ? { ok: false, again: false, say: `there is no webhook ${to} in GOBUTTON_WEBHOOKS, which has ${known}` }
        : callWebhook(webhook, to, call, { nowMs: nowMs(), ...(limitMs === undefined ? {} : { limitMs }) });
    },
  };
}

/** Where nothing is configured. */
export const CALLS_NOBODY = createOutside({ pagerDuty: null, webhooks: {} }, { nowMs: () => 0 });
