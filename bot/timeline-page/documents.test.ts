import { Worker } from 'node:worker_threads';
import { afterEach, expect, test, vi } from 'vitest';
import { blankMessage, messageHash } from '../../infra/aws/channel-message.ts';
import type { ChannelMessage } from '../../infra/aws/channel-message.ts';
import { exportLines } from '../../runbooks/record/export.ts';
import type { ChainedMessage } from '../../runbooks/record/export.ts';
import { countedReads } from '../../test/counted-reads.ts';
import { botKeyring } from '../../test/keys.ts';
import { longRecord } from '../../test/long-record.ts';
import { Scene } from '../../test/properties/scene.ts';
import { documentOf } from './document.ts';
import type { DocumentAsked } from './document.ts';
import { makeDocument } from './documents.ts';

const record = longRecord(1_000);
const last = record.entries.at(-1);
const asked: DocumentAsked = {
  name: 'timeline',
  launchId: record.scene.state.id,
  slackNames: new Map([['U9STRANGER', 'Sam']]),
  links: new Map(),
  curves: {},
  seen: { seq: last?.seq ?? 0, hash: last?.hash ?? '' },
  trusted: botKeyring().trusted,
};
const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
/** As a record is handed to a thread. */
const portionsOf = (links: number): number[] =>
  Array.from({ length: Math.ceil(links / 500) }, (_, at) => Math.min(500, links - at * 500));

afterEach(() => {
  vi.restoreAllMocks();
});

test('a thread makes what would be made here, and the loop of the process is free meanwhile', async () => {
  const here = await documentOf(asked, record.entries, record.messages);
  const [entries, messages] = [countedReads(record.entries), countedReads(record.messages)];
  const there = await makeDocument(asked, { entries: entries.links, messages: messages.links });
  expect(there?.chain).toEqual({ ok: true });
  expect(textOf(there?.markdown)).toContain('| Sam (U9STRANGER) | “message 1 Ana Ortiz');
  expect(textOf(there?.page) === here?.page && textOf(there?.markdown) === here?.markdown).toBe(true);
  // Here each link was copied for the thread, in portions with a turn of the loop between them, and never looked at.
  expect(entries.readsByTurn).toEqual(portionsOf(record.entries.length));
  expect(messages.readsByTurn).toEqual(portionsOf(record.messages.length));
  const postmortem = await makeDocument({ ...asked, name: 'postmortem' }, record);
  expect(textOf(postmortem?.markdown)).toContain('# Super Bowl: postmortem');
});

test('what is broken, cut off or replaced is told in the document', async () => {
  const [first, second, third] = record.entries;
  if (first === undefined || second === undefined || third === undefined) throw new Error('no record');
  const changed = await documentOf({ ...asked, seen: null }, [first, { ...second, atMs: second.atMs + 1 }, third], []);
  expect(changed?.chain).toMatchObject({ ok: false, seq: 2 });
  const cut = await documentOf(asked, [first, second], []);
  expect(cut?.chain).toMatchObject({ ok: false, seq: 3, why: expect.stringContaining('cut off') as string });
  expect(cut?.page).toContain('BROKEN at entry 3');
  expect(
    (await documentOf({ ...asked, seen: { seq: 2, hash: 'f'.repeat(64) } }, [first, second], []))?.chain,
  ).toMatchObject({
    ok: false,
    seq: 2,
    why: expect.stringContaining('replaced') as string,
  });
  expect(await documentOf(asked, [], [])).toBeNull();
  expect(await makeDocument(asked, { entries: [], messages: [] })).toBeNull();
});

test('what was read in the channel afterwards, the newest of it first, stands where it was written in every document, and says so', async () => {
  const { entries, state } = Scene.ready();
  const startMs = (entries.at(-1)?.atMs ?? 0) + 1;
  let prev = '';
  // Two stretches of a back-fill, and then the marks, which have no time of their own.
  const messages = [20, 30, 5, 10, 40, 40].map((second, at): ChainedMessage => {
    const ts = (of: number): string => ((startMs + of * 1_000) / 1_000).toFixed(6);
    const mark = at < 4 ? {} : { mark: { of: ts(at === 4 ? 30 : 10), name: 'stopwatch', on: true } };
    const message: ChannelMessage = {
      ...blankMessage(startMs + second * 1_000),
      ...mark,
      ts: ts(second),
      user: at < 4 ? 'U0MARKET1' : `U0MARKET${at - 3}`,
      text: at < 4 ? `said at ${second}` : '',
      found: true,
      thread: null,
    };
    prev = messageHash(state.id, at + 1, prev, message);
    return { ...message, seq: at + 1, hash: prev };
  });
  const of = { ...asked, launchId: state.id, seen: null };
  const timeline = await documentOf(of, entries, messages);
  const postmortem = await documentOf({ ...of, name: 'postmortem' }, entries, messages);
  expect([timeline?.chain, timeline?.channel]).toMatchObject([{ ok: true }, { ok: true }]);
  const said = (text = '') =>
    [...text.matchAll(/“said at (\d+)” \(read in the channel afterwards\)/g)].map(([, at]) => at);
  const inOrder = ['5', '10', '20', '30'];
  expect(said(timeline?.markdown)).toEqual(inOrder);
  expect(said(timeline?.page)).toEqual(inOrder);
  // In short, those that are marked.
  const short = timeline?.short?.phases.flatMap(({ rows }) => rows.map(({ what }) => what)).join('\n');
  expect(said(short)).toEqual(['10', '30']);
  // And behind it the evidence, by its number in the chain.
  expect(said(postmortem?.markdown)).toEqual(['10', '30', '30', '10']);
  expect(said(postmortem?.page)).toEqual(['10', '30', '30', '10']);
  // The export is the chain: each line follows the one before it, and has its time.
  const lines = [...exportLines(state.id, entries, messages, { record: { ok: true }, channel: { ok: true } })]
    .map((line) => JSON.parse(line) as { line: string; message: ChannelMessage })
    .filter(({ line }) => line === 'message');
  expect(lines.map(({ message }) => message.found)).toEqual(messages.map(() => true));
  expect(lines.map(({ message }) => (message.atMs - startMs) / 1_000)).toEqual([20, 30, 5, 10, 40, 40]);
});

test('what takes too long is given up, what fails is said, and the thread ends either way', async () => {
  const terminate = vi.spyOn(Worker.prototype, 'terminate');
  await expect(makeDocument(asked, record, 1)).rejects.toMatchObject({ code: 'DOCUMENT_LATE' });
  const odd = { ...asked, name: 'postmortem', other: { launch: null, entries: [] } } as unknown as DocumentAsked;
  await expect(makeDocument(odd, record)).rejects.toThrow(TypeError);
  expect(terminate).toHaveBeenCalledTimes(2);
});

/** What is done with threads, in its order: `1 asked`, `1 ended`. */
function watchThreads(post = true) {
  const done: string[] = [];
  const heapsMb = new Set<number | undefined>();
  // Each is called with its thread below.
  // oxlint-disable-next-line typescript/unbound-method
  const [postMessage, terminate] = [Worker.prototype.postMessage, Worker.prototype.terminate];
  const numbers = new Map<Worker, number>();
  vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker, ...told) {
    if (!numbers.has(this)) done.push(`${numbers.set(this, numbers.size + 1).size} asked`);
    heapsMb.add(this.resourceLimits?.maxOldGenerationSizeMb);
    if (post) postMessage.apply(this, told);
    else void terminate.call(this);
  });
  vi.spyOn(Worker.prototype, 'terminate').mockImplementation(function (this: Worker) {
    done.push(`${numbers.get(this)} ended`);
    return terminate.call(this);
  });
  return { done, heapsMb };
}

test('of several at a time each gets its own, one thread after the other, none with more than its share of memory', async () => {
  const { done, heapsMb } = watchThreads();
  const made: string[] = [];
  const one = async (name: DocumentAsked['name']): Promise<void> => {
    const document = await makeDocument({ ...asked, name }, { entries: record.entries.slice(0, 3), messages: [] });
    made.push(textOf(document?.markdown).split('\n')[0] ?? '');
  };
  await Promise.all([one('postmortem'), one('timeline'), one('timeline')]);
  expect(made).toEqual(['# Super Bowl: postmortem', '# Super Bowl: timeline', '# Super Bowl: timeline']);
  expect(done).toEqual(['1 asked', '1 ended', '2 asked', '2 ended', '3 asked', '3 ended']);
  expect([...heapsMb]).toEqual([1_024]);
});

test('a thread that ends without its document is said at once, and the next one gets its own', async () => {
  watchThreads(false);
  await expect(makeDocument(asked, record)).rejects.toMatchObject({ code: 'DOCUMENT_LOST' });
  vi.restoreAllMocks();
  expect(await makeDocument(asked, { entries: [], messages: [] })).toBeNull();
});
