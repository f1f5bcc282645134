import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Objects } from '../../infra/aws/objects.ts';
import { sha256 } from '../../infra/aws/sha256.ts';
import { grantedByManifest } from '../../infra/local/slack/app-manifest.ts';
import { person, SECRETS, startTestWorkspace } from '../../infra/local/slack/for-tests.ts';
import type { Workspace } from '../../infra/local/slack/start.ts';
import type { KeptFile } from '../../runbooks/record/rows.ts';
import { sharedFiles } from '../slack/shared-files.ts';
import type { SharedFile } from '../slack/shared-files.ts';
import { createSlackPort } from '../slack/slack-port.ts';
import { fixedToken } from '../slack/slack-token.ts';
import { RoomFiles } from './room-files.ts';

const log = pino({ level: 'silent' });
const token = fixedToken(SECRETS.botToken);
let workspace: Workspace;
let bucket: Map<string, string>;
let told: KeptFile[];
let isBucketAway: boolean;

beforeEach(() => {
  bucket = new Map();
  told = [];
  isBucketAway = false;
});
afterEach(() => workspace.stop());

async function begin({ scopes = grantedByManifest().scopes, most = 10_000_000 } = {}) {
  workspace = await startTestWorkspace({ rateLimits: false, scopes });
  return new RoomFiles({
    objects: {
      put: async (key: string, body: Uint8Array) => {
        if (isBucketAway) throw new Error('AWAY');
        bucket.set(key, Buffer.from(body).toString());
      },
    } as Partial<Objects> as Objects,
    channelLog: {
      append: async (_launchId, _channelId, { file }) => {
        if (file !== undefined) told.push(file);
      },
    },
    token,
    apiUrl: workspace.apiUrl,
    nowMs: () => 1,
    most,
    log,
  });
}

/** A person attaches it; it is as the history tells of it. */
async function attach(name: string, text: string): Promise<SharedFile> {
  const base64 = Buffer.from(text).toString('base64');
  await person(workspace, 'U0MARKET1').send('POST', 'files', { channel: 'C0WARROOM', name, base64 });
  const slack = createSlackPort({ token, apiUrl: workspace.apiUrl, log });
  const { messages } = await slack.history('C0WARROOM', { oldest: '0', latest: '9999999999', cursor: null });
  const [file] = messages.flatMap(sharedFiles);
  if (file === undefined) throw new Error('nothing attached');
  return file;
}

test('what a person attaches is copied to the place of the launch, by its hash, and the chain says so', async () => {
  const files = await begin();
  const file = await attach('curve.csv', 'second,accepted\n1,200\n');
  await files.keep('sb', 'C0WARROOM', file);
  const hash = sha256('second,accepted\n1,200\n');
  const key = `launches/sb/files/${hash}`;
  expect([...bucket]).toEqual([[key, 'second,accepted\n1,200\n']]);
  const { of, id } = file;
  expect(told).toEqual([{ of, id, name: 'curve.csv', type: 'text/csv', bytes: 22, sha256: hash, key, lost: null }]);
});

test.each<[string, Partial<SharedFile>, string]>([
  ['too large', { bytes: 43_000_000 }, 'it is too large (43 MB; at most 10 MB are copied)'],
  ['at another place', { mode: 'external' }, 'it lies outside Slack'],
  ['deleted', { mode: 'tombstone', url: null }, 'it was deleted in Slack'],
  ['hidden', { mode: 'hidden_by_limit' }, 'the workspace shows it no more'],
  ['without an address', { url: null }, 'Slack gives no address of its own for it'],
  // It would be handed the bot's token.
  ["at somebody else's", { url: 'http://127.0.0.1:9/plan' }, 'Slack gives no address of its own for it'],
])('a file that is %s is not lost in silence', async (_, change, lost) => {
  const files = await begin();
  await files.keep('sb', 'C0WARROOM', { ...(await attach('plan.txt', 'x')), ...change });
  expect(told).toMatchObject([{ name: 'plan.txt', key: null, sha256: null, lost }]);
  expect(bucket.size).toBe(0);
});

test('more bytes than Slack has announced are not read, and a file that is gone is said to be', async () => {
  const files = await begin({ most: 1_000 });
  const large = await attach('film.mp4', 'x'.repeat(1_001));
  await files.keep('sb', 'C0WARROOM', { ...large, bytes: 5 });
  await files.keep('sb', 'C0WARROOM', { ...large, bytes: null, url: `${workspace.url}/files-pri/F0GONE/film.mp4` });
  expect(told.map(({ lost }) => lost)).toEqual([
    'it is too large (1 MB; at most 0.001 MB are copied)',
    'it was gone when it was fetched',
  ]);
});

test("without the scope Slack sends elsewhere: the page there is not taken for the file, and the token doesn't go there", async () => {
  const files = await begin({ scopes: grantedByManifest().scopes.filter((scope) => scope !== 'files:read') });
  await files.keep('sb', 'C0WARROOM', await attach('plan.txt', 'x'));
  expect(told).toMatchObject([{ lost: 'Slack did not hand it over (302): see the scope files:read of the app' }]);
});

test('a bucket that is away costs nothing but time: the chain says nothing, and the next one is copied', async () => {
  const files = await begin();
  const file = await attach('plan.txt', 'x');
  isBucketAway = true;
  await files.keep('sb', 'C0WARROOM', file);
  expect(told).toEqual([]);
  isBucketAway = false;
  await files.keep('sb', 'C0WARROOM', file);
  expect(told).toMatchObject([{ lost: null }]);
});
