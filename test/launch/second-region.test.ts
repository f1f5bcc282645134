import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { main } from '../../bot/cli/main.ts';
import { createJournal } from '../../infra/aws/journal.ts';
import type { Journal } from '../../infra/aws/journal.ts';
import { startChild } from '../../infra/local/child.ts';
import type { Child } from '../../infra/local/child.ts';
import { countsOf, providersForTests } from '../../infra/local/providers/for-tests.ts';
import type { TestProviders } from '../../infra/local/providers/for-tests.ts';
import { SECRETS, startTestWorkspace } from '../../infra/local/slack/for-tests.ts';
import type { Workspace } from '../../infra/local/slack/start.ts';
import type { Command } from '../../runbooks/launch/commands.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import { compileAudience } from '../../workers/audience/compile.ts';
import { botKeyring, KEY_ENV } from '../keys.ts';
import { people, sampleRunbook } from '../properties/scene.ts';
import { EAST, REGIONS, twoRegions, WEST } from '../two-regions.ts';

/**
 * The rehearsal of docs/playbook.md#region-lost, by processes of their own: a launch is prepared in the east, the east is killed, the
 * launch is taken over and fired in the west, and what comes back in the east sends nothing.
 */

const LAUNCH = 'two-regions';
const POOL = 'gobutton-workers';
const DEVICES = 600;
let dir: string;
let regions: Awaited<ReturnType<typeof twoRegions>>;
let providers: TestProviders;
let workspace: Workspace;
const children: Child[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gobutton-second-region-'));
  [regions, providers, workspace] = await Promise.all([
    twoRegions(dir),
    providersForTests({ behaviour: { apnsPerDevicePerMinute: 0, fcmPerDevicePerMinute: 0 } }),
    startTestWorkspace({ rateLimits: false }),
  ]);
});
afterAll(async () => {
  await Promise.all(children.map((one) => one.stop(0)));
  await Promise.all([regions.stop(), providers.stop(), workspace.stop()]);
  await rm(dir, { recursive: true, force: true });
});

const journalIn = (region: string): Journal => {
  const { record, staff } = regions.cloud(region);
  return createJournal({ record, staff, keyring: botKeyring() });
};

async function must(journal: Journal, command: Command): Promise<Entry> {
  const appended = await journal.append(LAUNCH, command);
  if (!appended.ok) throw new Error(`${appended.code}: ${appended.say}`);
  return appended.entry;
}

async function go(region: string, ...args: string[]): Promise<string> {
  let said = '';
  const writer = { write: (text: string) => (said += text) };
  const code = await main(args, regions.env(region), writer, writer);
  if (code !== 0) throw new Error(said);
  return said;
}
const keyOf = (name: string) => ['--launch', LAUNCH, '--key', join(dir, `${name}.pem`)];

async function start(region: string, script: 'bot/main.ts' | 'workers/main.ts'): Promise<Child> {
  const { credentials } = providers;
  const child = await startChild({
    name: `${script} in ${region}`,
    script,
    env: {
      ...regions.env(region),
      ...KEY_ENV,
      LOG_LEVEL: 'info',
      SLACK_BOT_TOKEN: SECRETS.botToken,
      SLACK_APP_TOKEN: SECRETS.appToken,
      SLACK_API_URL: workspace.apiUrl,
      BOT_PORT: '0',
      HEALTH_PORT: '0',
      GOBUTTON_POOL: POOL,
      GOBUTTON_LAUNCH_ID: LAUNCH,
      GOBUTTON_CONNECTIONS: '2',
      GOBUTTON_THREADS: '0',
      GOBUTTON_APNS_URL: providers.apnsUrl,
      GOBUTTON_FCM_URL: providers.fcmUrl,
      GOBUTTON_FCM_TOKEN_URL: providers.tokenUrl,
      GOBUTTON_CA_FILE: credentials.caFile,
      APNS_KEY_FILE: credentials.apnsKeyFile,
      APNS_KEY_ID: credentials.apnsKeyId,
      APNS_TEAM_ID: credentials.apnsTeamId,
      GOOGLE_APPLICATION_CREDENTIALS: credentials.serviceAccountFile,
    },
    logFile: join(dir, `${region}-${script.slice(0, 3)}.log`),
  });
  children.push(child);
  return child;
}

const readyIn = (region: string, sinceMs: number) =>
  vi.waitFor(async () => {
    const reports = await regions.cloud(region).live.reports(LAUNCH);
    const found = reports
      .filter(({ atMs }) => atMs > sinceMs)
      .map(({ state, say }) => (state === 'ready' ? state : say));
    expect(found).toContain('ready');
  }, 60_000);

/** What a person would have prepared by now, in the east; objects in both, as S3 replicates them. */
async function prepare(journal: Journal): Promise<void> {
  const keys: Record<string, string> = {};
  for (const name of ['ana', 'mia'])
    keys[name] = (await go(EAST, 'keygen', '--out', join(dir, `${name}.pem`))).trim().split('\n').at(-1) ?? '';
  await must(journal, {
    kind: 'create-launch',
    by: 'ana',
    launchId: LAUNCH,
    name: 'Two regions',
    channelId: 'C0WARROOM',
    runbook: sampleRunbook({
      regions: REGIONS,
      people: people.map((one) => ({
        ...one,
        operator_keys: keys[one.id] === undefined ? [] : [keys[one.id]],
        // Connections are primed with it, so it must be one that a provider takes.
        devices: one.id === 'ana' ? [{ platform: 'ios', token: `face0a${'0'.repeat(58)}`, locale: 'en' }] : [],
      })),
      gates: [{ id: 'copy-read', title: 'The copy was read' }],
      audience: { segment_by: ['platform'] },
    }),
    runbookHash: 'r',
    targetAtMs: Date.now() + 86_400_000,
    compress: 1,
  });
  const input = join(dir, 'devices.csv');
  const rows = Array.from({ length: DEVICES }, (_, at) => `user${at},ios,00${at.toString(16).padStart(62, '0')},en,us`);
  await writeFile(input, ['user,platform,token,locale,market', ...rows, ''].join('\n'));
  for (const region of [EAST, WEST]) {
    const { objects, queues } = regions.cloud(region);
    const compiled = await compileAudience({
      input,
      objects,
      segmentBy: ['platform'],
      locales: ['en', 'pt-BR'],
      fallbackLocale: 'en',
      batchSize: 100,
      rejectsPath: null,
      threads: 1,
    });
    await queues.ensurePool(POOL);
    if (region === EAST) await must(journal, { kind: 'set-audience', by: 'ana', audience: compiled.audience });
  }
  await must(journal, { kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
  const index = { name: 'Two regions', channelId: 'C0WARROOM', pool: POOL, createdAtMs: Date.now(), closed: false };
  await regions.cloud(EAST).live.putLaunch({ launchId: LAUNCH, ...index });
}

test('a launch whose region is killed before the fire is taken over and fired in the other, and what comes back sends nothing', async () => {
  const east = journalIn(EAST);
  await prepare(east);
  const old = await Promise.all([start(EAST, 'bot/main.ts'), start(EAST, 'workers/main.ts')]);
  await readyIn(EAST, 0);
  await vi.waitFor(
    async () => expect((await journalIn(WEST).launch(LAUNCH))?.seq ?? 0).toBeGreaterThanOrEqual(3),
    30_000,
  );

  for (const child of old) process.kill(child.pid, 'SIGKILL');
  await regions.kill(EAST);
  await go(WEST, 'take-over', 'request', ...keyOf('ana'), '--reason', 'the east is away');
  expect(await go(WEST, 'take-over', 'approve', ...keyOf('mia'), '--yes')).toContain(
    'us-west-2 has the launch; us-east-1 can send nothing of it any more.',
  );
  const takenAtMs = Date.now();
  const [bot] = await Promise.all([start(WEST, 'bot/main.ts'), start(WEST, 'workers/main.ts')]);
  await readyIn(WEST, takenAtMs);
  await go(WEST, 'fire', 'request', ...keyOf('ana'), '--segments', 'all');
  await go(WEST, 'fire', 'approve', ...keyOf('mia'), '--yes');
  const west = journalIn(WEST);
  await vi.waitFor(async () => {
    const [shot] = Object.values((await west.launch(LAUNCH))?.shots ?? {});
    expect(shot?.closed?.cause).toBe('complete');
  }, 60_000);
  const sent = { received: DEVICES, distinctDevices: DEVICES, duplicates: 0 };
  expect(await countsOf(providers, LAUNCH)).toMatchObject(sent);

  // The east comes back as it stood: with nobody to carry the record back it knows of nothing, and a bot's key signs whatever two
  // people press there.
  process.kill(bot.pid, 'SIGKILL');
  await regions.revive(EAST);
  const [, worker] = await Promise.all([start(EAST, 'bot/main.ts'), start(EAST, 'workers/main.ts')]);
  await readyIn(EAST, Date.now());
  await expect(go(EAST, 'fire', 'request', ...keyOf('ana'), '--segments', 'all')).rejects.toThrow(
    /us-west-2 has this launch/,
  );
  const order = await must(east, {
    kind: 'request-fire',
    by: 'ana',
    segments: 'all',
    measured: [],
    via: { kind: 'slack', slackId: 'U0ONCALL' },
    lift: false,
    sets: [],
  });
  if (order.kind !== 'FireRequested') throw new Error(order.kind);
  await must(east, {
    kind: 'approve-fire',
    by: 'mia',
    orderId: order.orderId,
    shownHash: order.shownHash,
    pressedAtMs: Date.now(),
    measured: [],
    via: { kind: 'slack', slackId: 'U0MARKET1' },
    observedHaltEpoch: 0,
    observedHalted: false,
  });
  // Nobody wakes them: workers look into the record by themselves, and put the batches on their queue.
  await vi.waitFor(async () => expect(await readFile(worker.logFile, 'utf8')).toContain('HOME_ELSEWHERE'), 40_000);
  expect(await countsOf(providers, LAUNCH)).toMatchObject(sent);
}, 240_000);
