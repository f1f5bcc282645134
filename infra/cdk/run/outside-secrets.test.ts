import { expect, test } from 'vitest';
import { sampleRunbook } from '../../../test/properties/scene.ts';
import { outsideSecrets } from './outside-secrets.ts';

const plan = (...steps: object[]) =>
  sampleRunbook({
    phases: [{ id: 'p', title: 'P', steps: steps.map((more, at) => ({ id: `s${at}`, title: 'S', at: 'T', ...more })) }],
  });
const page = { kind: 'page', say: 'x' };
const webhook = { kind: 'webhook', to: 'ads-team' };

test('a bot is given the key of PagerDuty and the webhooks where its plan calls them, in a backup too', () => {
  expect(outsideSecrets(sampleRunbook())).toEqual([]);
  expect(outsideSecrets(plan({ do: webhook }))).toEqual(['webhooks']);
  const backup = { steps: [{ id: 'b', title: 'B', do: page }] };
  expect(outsideSecrets(plan({ do: { kind: 'checklist' }, deadline: 'T+1m', backup }, { do: webhook }))).toEqual([
    'pagerduty-routing-key',
    'webhooks',
  ]);
});
