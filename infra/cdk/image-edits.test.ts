import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { exampleForTests } from './for-tests.ts';
import { withImages } from './image-edits.ts';

const WORKER = '123456789012.dkr.ecr.us-east-1.amazonaws.com/gobutton-worker';
const NEXT = `${WORKER}@sha256:ab12`;
const imagesOf = (text: string | null) => (parse(text ?? '') as { images: Record<string, unknown> }).images;

test('a canary comes, is promoted and taken back; comments and all other lines stay as they are', () => {
  const text = exampleForTests();
  const withCanary = withImages(text, { canary: NEXT });
  expect(withCanary).toBe(
    text.replace(`worker: ${WORKER}:1295d11\n`, `worker: ${WORKER}:1295d11\n  canary: ${NEXT}\n`),
  );
  const previous = { worker: `${WORKER}:1295d11`, bot: 'b:1' };
  const promoted = withImages(withCanary ?? '', { canary: null, worker: NEXT, bot: 'b:2', previous });
  expect(imagesOf(promoted)).toMatchObject({ worker: NEXT, bot: 'b:2', previous });
  expect(imagesOf(promoted)).not.toHaveProperty('canary');
  expect(promoted?.split('\n').filter((line) => !text.includes(line))).toHaveLength(3);
  const back = withImages(promoted ?? '', { ...previous, bot: imagesOf(text)['bot'] as string, previous: null });
  expect(back).toBe(text);
});

test('between braces too', () => {
  const text = 'images: { bot: b:1, worker: w:1, audience: a:1 } # all of them\nname: x\n';
  const changed = withImages(text, { canary: 'w:2' });
  expect(changed).toBe('images: { bot: b:1, worker: w:1, canary: w:2, audience: a:1 } # all of them\nname: x\n');
  expect(withImages(changed ?? '', { canary: null })).toBe(text);
});

test('what can not be changed without changing more is left alone', () => {
  expect(withImages('images: &i\n  worker: &w w:1\n  bot: *w\n', { worker: 'w:2' })).toBeNull();
  expect(withImages('name: x\n', { canary: 'w:2' })).toBeNull();
});
