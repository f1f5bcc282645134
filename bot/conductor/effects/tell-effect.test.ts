import { afterEach, expect, test } from 'vitest';
import { onSpan } from '../../../infra/watch/spans.ts';
import type { Span } from '../../../infra/watch/spans.ts';
import { effectsOf } from '../../../runbooks/launch/effects.ts';
import { Scene } from '../../../test/properties/scene.ts';
import { tellEffect } from './tell-effect.ts';

let deaf = (): void => undefined;
afterEach(() => deaf());

test('an effect is told of its shot, and of no entry that has none', () => {
  const spans: Span[] = [];
  deaf = onSpan((span) => spans.push(span));
  const scene = Scene.ready();
  const [first] = scene.entries;
  const shot = scene.fired(['us-ios']);
  const approval = scene.entries.at(-1);
  if (first === undefined || approval === undefined) throw new Error('unexpected');
  const took = { startMs: 10, endMs: 12, who: 'appender' } as const;
  for (const entry of [first, approval])
    for (const effect of effectsOf(entry, scene.state)) tellEffect(entry, scene.state, effect, took);
  expect(spans.length).toBe(effectsOf(approval, scene.state).length);
  expect(spans[0]).toMatchObject({ shotId: shot.id, name: 'effect send-segment-orders', startMs: 10, endMs: 12 });
});
