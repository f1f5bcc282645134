import { expect, test } from 'vitest';
import { sampleRunbook, Scene, T0_MS } from '../../test/properties/scene.ts';
import { entryMessage } from './entry-message.ts';

test('the room hears by how much the target moved, what moves with it, what stays, and what is due at once', () => {
  const scene = Scene.ready(
    sampleRunbook({
      phases: [
        {
          id: 'p',
          title: 'P',
          steps: [
            { id: 'up', title: 'Workers up', at: 'T-30m', do: { kind: 'remind', say: 'x' } },
            { id: 'down', title: 'Workers down', at: 'T+2h', do: { kind: 'remind', say: 'x' } },
            { id: 'fixed', title: 'Midnight', at: '2027-02-15 00:00 UTC', do: { kind: 'remind', say: 'x' } },
          ],
        },
      ],
      target: '2027-02-14 23:30 UTC',
    }),
  );
  scene.asked(['us-ios']);
  const move = (targetAtMs: number) => {
    const entry = scene.does({ kind: 'move-target', by: 'ana', targetAtMs, reason: 'overtime' });
    return JSON.stringify(entryMessage(scene.state, entry)?.blocks);
  };
  const later = move(T0_MS + 20 * 60_000);
  expect(later).toMatch(/\*20 min later\*: overtime\\nMove with it: Workers up \(T-30 min\), Workers down \(T\+2 h\)/);
  expect(later).toContain('\\nStay at their own time: Midnight (00:00 UTC)');
  expect(later).toMatch(
    /\*Ends before the target\*: the order for us-ios \(`F\d+`\) .*; Ana Ortiz keeps it open with `\/go renew`/,
  );
  const earlier = move(T0_MS - 50 * 60_000);
  expect(earlier).toMatch(
    /\*1 h 10 min earlier\*: overtime\\n:rotating_light: \*Due at once\*: Workers up \(put to a person\)/,
  );
});
