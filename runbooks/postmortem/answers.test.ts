import { beforeEach, describe, expect, test } from 'vitest';
import { Given } from '../../test/given-words.ts';
import { Scene } from '../../test/properties/scene.ts';
import { postmortemMarkdown } from './markdown.ts';
import { postmortemPage } from './page.ts';
import { postmortemOf } from './postmortem.ts';
import type { Postmortem } from './postmortem.ts';

const HELPED = 'Who or what helped when it mattered?';

const closed = (): Scene => {
  const scene = Scene.ready();
  scene.closes(scene.fired('all'));
  scene.does({ kind: 'close-launch', by: 'ana', reason: '' });
  return scene;
};
let given: Given;
beforeEach(() => {
  given = new Given();
});
const told = (scene: Scene): Postmortem => {
  const found = postmortemOf(scene.entries, given.messages, { chain: { ok: true } });
  if (found === null) throw new Error('no postmortem');
  return found;
};
const answers = (scene: Scene, by: string, words: string, question = HELPED) =>
  given.answer(scene, by, words, question);
const page = (scene: Scene) => postmortemPage(told(scene), { style: '', sha256: () => '', curves: {} });

describe('answers in the document', () => {
  test('stand under their question with author and time, line by line as they were written', () => {
    const scene = closed();
    const { seq } = answers(scene, 'ben', '1. One room.\n# *Coffee*');
    const text = postmortemMarkdown(told(scene));
    expect(text).toContain(
      `- *${HELPED}*\n\n  > Ben Okafor, 2027-02-14 22:30:00.000 ([e${seq}](#e${seq})):  \n  > 1\\. One room.  \n  > \\# \\*Coffee\\*  \n`,
    );
    expect(page(scene)).toContain('<div dir="auto">1. One room.</div><div dir="auto"># *Coffee*</div></blockquote>');
  });

  test('a second one of the same person is shown, and both are proof', () => {
    const scene = closed();
    const first = answers(scene, 'ben', 'One room.');
    const other = answers(scene, 'mia', 'The plan.');
    const second = answers(scene, 'ben', 'Coffee.');
    const block = told(scene).sections.flatMap(({ blocks }) =>
      blocks.flatMap((one) => (one.kind === 'questions' ? one.questions : [])),
    );
    expect(block.find(({ question }) => question === HELPED)?.answers).toMatchObject([
      {
        by: expect.stringMatching(/^Ben Okafor, .*, answered again$/) as string,
        words: 'Coffee.',
        proof: [`e${first.seq}`, `e${second.seq}`],
      },
      { words: 'The plan.', proof: [`e${other.seq}`] },
    ]);
  });

  test('to a question that is not asked any more stay', () => {
    const scene = closed();
    answers(scene, 'ben', 'It was late.', 'Was there time enough in the plan for these steps: banner?');
    expect(postmortemMarkdown(told(scene))).toContain('### What else was answered\n\n- *Was there time enough');
  });
});

test('actions stand by when, with owner, date and what became of them; a row without one is left to fill in', () => {
  const scene = closed();
  const action = { by: 'ana', actionId: null, owner: 'mia', due: '2027-03-01' };
  scene.does({ kind: 'set-action', ...action, when: 'later', words: 'Move the edge' });
  scene.does({ kind: 'set-action', ...action, when: 'now', words: 'Fix the link' });
  const id = `A${scene.state.seq}`;
  scene.does({ kind: 'close-action', by: 'ben', actionId: id, words: 'done' });
  const text = postmortemMarkdown(told(scene));
  expect(text).toMatch(
    new RegExp(
      `\\| now \\| ${id}: Fix the link \\| Mia Chen \\| 2027-03-01 \\| closed by Ben Okafor, .*: done \\| \\[e`,
    ),
  );
  expect(text).toMatch(/\| later \| A\d+: Move the edge \| Mia Chen \| 2027-03-01 \| open \| \[e/);
  expect(text).toContain('| next |  |  |  |  |  |');
});

test('how far the document is, whose it is, and what came after it was done', () => {
  const scene = closed();
  const stands = () => told(scene).sections[0]?.blocks[0];
  expect(JSON.stringify(stands())).toContain(
    'This postmortem is a draft. Its owner is Ana Ortiz, who closed the launch; whoever is on call may turn it, too.',
  );
  for (const question of told(scene).asked) answers(scene, 'ben', 'unknown', question);
  scene.does({ kind: 'turn-postmortem', by: 'ana', to: 'done', questions: told(scene).asked });
  expect(JSON.stringify(stands())).toContain('This postmortem is done, since 2027-02-14');
  expect(told(scene).notices).toEqual([]);
  const { seq } = answers(scene, 'mia', 'The plan.');
  expect(told(scene).notices).toEqual([{ text: 'Changed since it was done: by 1 entry.', proof: [`e${seq}`] }]);
  scene.does({ kind: 'turn-postmortem', by: 'ana', to: 'draft', questions: [] });
  expect(told(scene).notices).toEqual([]);
});

test('what it asks is what the form asks: each question once', () => {
  const scene = Scene.ready();
  const refused = { failed: 1, reasons: { Unregistered: 1 } };
  // Each of these shots asks how old the list is.
  for (const segment of ['us-ios', 'br-ios']) scene.closes(scene.fired([segment]), { [segment]: refused });
  scene.does({ kind: 'close-launch', by: 'ana', reason: '' });
  const { asked } = told(scene);
  expect(asked).toContain(HELPED);
  expect(asked).toContain('How old is the token list, and what keeps it fresh?');
  expect(new Set(asked).size).toBe(asked.length);
});
