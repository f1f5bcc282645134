import { describe, expect, test } from 'vitest';
import { Scene } from '../../test/properties/scene.ts';
import { nextReminderMs, remindersDue } from './reminders.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NINE = 9 * HOUR_MS;

const closed = () => {
  const scene = Scene.ready();
  scene.closes(scene.fired('all'));
  scene.does({ kind: 'close-launch', by: 'ana', reason: '' });
  const atMs = scene.nowMs;
  return { scene, atMs };
};

describe('who has not answered', () => {
  test('is called four hours after the close, once, and not if they have answered meanwhile', () => {
    const { scene, atMs } = closed();
    expect(nextReminderMs(scene.state, 0)).toBe(atMs + 4 * HOUR_MS);
    expect(remindersDue(scene.state, 0, atMs + 4 * HOUR_MS - 1).unheard).toEqual([]);
    scene.does({
      kind: 'answer-question',
      by: 'ana',
      question: 'What helped?',
      words: 'yes',
      item: { seq: 1, hash: 'a'.repeat(64) },
    });
    const { unheard } = remindersDue(scene.state, 0, atMs + 4 * HOUR_MS);
    expect(unheard).toContain('mia');
    expect(unheard).not.toContain('ana');
    expect(remindersDue(scene.state, atMs + 4 * HOUR_MS, atMs + 5 * HOUR_MS).unheard).toEqual([]);
    expect(nextReminderMs(scene.state, atMs + 4 * HOUR_MS)).toBeNull();
  });

  test('is not called a day later, of a postmortem that is done, or of a launch that is open', () => {
    const { scene, atMs } = closed();
    expect(remindersDue(scene.state, 0, atMs + DAY_MS).unheard).toEqual([]);
    scene.does({ kind: 'turn-postmortem', by: 'ana', to: 'done', questions: [] });
    expect(remindersDue(scene.state, 0, atMs + 5 * HOUR_MS).unheard).toEqual([]);
    expect(nextReminderMs(scene.state, 0)).toBeNull();
    expect(nextReminderMs(Scene.ready().state, 0)).toBeNull();
  });

  test('of a rehearsal nobody is called', () => {
    const { scene, atMs } = closed();
    const rehearsal = { ...scene.state, rehearses: {} as never };
    expect(remindersDue(rehearsal, 0, atMs + 5 * HOUR_MS).unheard).toEqual([]);
  });
});

describe('an action', () => {
  const withAction = () => {
    const { scene, atMs } = closed();
    const due = new Date(atMs + 3 * DAY_MS).toISOString().slice(0, 10);
    const action = { actionId: null, when: 'next', words: 'Raise the edge', owner: 'mia', due } as const;
    scene.does({ kind: 'set-action', by: 'ana', ...action });
    return { scene, id: `A${scene.state.seq}`, dueMs: Date.parse(due) + NINE };
  };

  test('is called out on its day and then weekly, once each time, however long nobody looked', () => {
    const { scene, id, dueMs } = withAction();
    const due = (since: number, now: number) => remindersDue(scene.state, since, now).due.map((one) => one.id);
    expect(due(0, dueMs - 1)).toEqual([]);
    expect(due(dueMs - 1, dueMs)).toEqual([id]);
    expect(due(dueMs, dueMs + 7 * DAY_MS - 1)).toEqual([]);
    expect(due(dueMs, dueMs + 7 * DAY_MS)).toEqual([id]);
    expect(due(dueMs + DAY_MS, dueMs + 40 * DAY_MS)).toEqual([id]);
    expect(nextReminderMs(scene.state, dueMs)).toBe(dueMs + 7 * DAY_MS);
    expect(nextReminderMs(scene.state, dueMs + 6 * DAY_MS)).toBe(dueMs + 7 * DAY_MS);
    expect(nextReminderMs(scene.state, dueMs + 20 * DAY_MS)).toBe(dueMs + 21 * DAY_MS);
    // Those who have not answered come first.
    expect(nextReminderMs(scene.state, 0)).toBe(scene.nowMs + 4 * HOUR_MS);
  });

  test('that is closed is not', () => {
    const { scene, id, dueMs } = withAction();
    scene.does({ kind: 'close-action', by: 'mia', actionId: id, words: '' });
    expect(remindersDue(scene.state, 0, dueMs).due).toEqual([]);
    expect(nextReminderMs(scene.state, dueMs)).toBeNull();
  });
});
