import { expect, test } from 'vitest';
import { sampleRunbook } from '../../test/properties/scene.ts';
import { unreachable } from './unreachable.ts';

const plan = sampleRunbook({
  phases: [
    {
      id: 'p',
      title: 'P',
      steps: [
        { id: 'a', title: 'A', at: 'T', do: { kind: 'webhook', to: 'ads-team' } },
        { id: 'b', title: 'B', at: 'T', do: { kind: 'webhook', to: 'constructor' } },
        {
          id: 'c',
          title: 'C',
          at: 'T',
          do: { kind: 'webhook', to: 'constructor' },
          deadline: 'T+1m',
          backup: { steps: [{ id: 'd', title: 'D', do: { kind: 'page', say: 'x' } }] },
        },
      ],
    },
  ],
});

test('whom a plan calls and nobody has configured is named, once, backups too', () => {
  const webhooks = { 'ads-team': { url: 'https://ads.example.com', secret: 'whsec_x' } };
  expect(unreachable({ pagerDuty: null, webhooks }, plan)).toEqual([
    'Its plan pages, and nobody can be paged: GOBUTTON_PAGERDUTY_KEY is not set.',
    'Its plan calls the webhook constructor, which GOBUTTON_WEBHOOKS does not have.',
  ]);
  const all = {
    pagerDuty: { key: 'k', url: 'https://x' },
    webhooks: { ...webhooks, constructor: webhooks['ads-team'] },
  };
  expect(unreachable(all, plan)).toEqual([]);
  expect(unreachable({ pagerDuty: null, webhooks: {} }, sampleRunbook())).toEqual([]);
});
