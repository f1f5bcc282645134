import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createJournal } from '../../infra/aws/journal.ts';
import type { Journal } from '../../infra/aws/journal.ts';
import { commandKeyring } from '../../infra/aws/key-config.ts';
import { startChild } from '../../infra/local/child.ts';
import { LOCAL_POOL } from '../../infra/local/principals.ts';
import { mustGo, tickGates } from '../../infra/local/scripted-commands.ts';
import { ScriptedPerson, until } from '../../infra/local/scripted-person.ts';
import type { Button } from '../../infra/local/scripted-person.ts';
import { startStack } from '../../infra/local/stack.ts';
import type { Stack } from '../../infra/local/stack.ts';
import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import { sumTotals } from '../../runbooks/launch/totals.ts';
import { warRoomRunbook } from './war-room-runbook.ts';

/** A launch that is one `/go fire` away from its order: real bot and workers, local cloud, providers and Slack. Each test fires a market of its own. */
export interface WarRoom {
  dataDir: string;
  stack: Stack;
  journal: Journal;
  launchId: string;
  ana: ScriptedPerson;
  mia: ScriptedPerson;
  ben: ScriptedPerson;
  /** Files of operator keys, by person. */
  keys: Record<'ana' | 'mia', string>;
  launch(): Promise<Launch>;
  /** Mia asks for a segment; gives the GO button as Ben sees it. */
  ask(command: string): Promise<Button>;
  /** The shot that fired this segment last. */
  shotOf(segment: string): Promise<Shot | undefined>;
  closed(segment: string, withinMs?: number): Promise<Shot>;
  counts(shotId?: string): Promise<Counts>;
  configure(behaviour: Record<string, number>): Promise<void>;
  /** What the channel shows, as `shown` tells it. */
  shown(): Promise<string[]>;
  stop(): Promise<void>;
}

export interface Counts {
  received: number;
  distinctDevices: number;
  duplicates: number;
  /** By status and reason. */
  answers: Record<string, number>;
  firstAtMs: number | null;
  lastAtMs: number | null;
}

export const ROOM = 'C0WARROOM';

export async function openWarRoom(options: {
  markets: Record<string, number>;
  /** Markets of Android devices alone. */ androidMarkets?: Record<string, number>;
  /** Of these markets so many more iOS devices, whose app was deleted. */ deadMarkets?: Record<string, number>;
  /** Of these markets so many more iOS devices, which read Spanish; the campaign has a text for them. */ spanishMarkets?: Record<
    string,
    number
  >;
  /** Steps of the plan, as YAML. */ steps?: readonly string[];
  /** Ana has a phone, and gates ask for everything that can be measured in AWS. */ everything?: boolean;
  workerEndpoint?: (cloudUrl: string) => Promise<string>;
}): Promise<WarRoom> {
  const dataDir = await mkdtemp(join(tmpdir(), 'gobutton-faults-'));
  const keys = { ana: await newKey(dataDir, 'ana'), mia: await newKey(dataDir, 'mia') };
  const runbooksDir = join(dataDir, 'runbooks');
  await mkdir(runbooksDir);
  const { everything = false, steps = [], spanishMarkets } = options;
  await writeFile(
    join(runbooksDir, 'faults.yaml'),
    warRoomRunbook(keys, { everything, steps, isSpanish: spanishMarkets !== undefined }),
  );
  const stack = await startStack({
    dataDir,
    ports: 'any',
    slackMode: 'socket',
    latencyMs: 10,
    latencySpreadMs: 5,
    connections: 2,
    taskStartDelayMs: 100,
    runbooksDir,
  });
  try {
    if (options.workerEndpoint !== undefined) {
      stack.localCloud.setServiceEnv('gobutton', LOCAL_POOL, {
        ...stack.workerEnv,
        AWS_ENDPOINT_URL: await options.workerEndpoint(stack.localCloud.urlFor('worker')),
      });
    }
    const room = await prepare(
      stack,
      dataDir,
      [
        ...devices('ios', options.markets),
        ...devices('android', options.androidMarkets ?? {}),
        ...devices('ios', options.deadMarkets ?? {}, { mark: 'dead00' }),
        ...devices('ios', options.spanishMarkets ?? {}, { locale: 'es' }),
      ],
      { ana: keys.ana.file, mia: keys.mia.file },
    );
    return room;
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

async function prepare(
  stack: Stack,
  dataDir: string,
  rows: readonly string[],
  keys: Record<'ana' | 'mia', string>,
): Promise<WarRoom> {
  const { cloud } = stack;
  const journal = createJournal({
    record: cloud.record,
    staff: cloud.staff,
    keyring: commandKeyring(stack.env).keyring,
  });
  const [ana, mia, ben] = ['U0ONCALL', 'U0MARKET1', 'U0MARKET2'].map(
    (id) => new ScriptedPerson(stack.pageUrl, ROOM, id),
  ) as [ScriptedPerson, ScriptedPerson, ScriptedPerson];
  await mustGo(ana, 'create faults in 9h called "Faults"');
  const launchId = (await until('the launch', 10_000, async () => (await cloud.live.launches())[0])).launchId;
  await mustGo(ana, 'scale workers 2');
  const csv = join(dataDir, 'devices.csv');
  await writeFile(csv, ['user,platform,token,locale,market', ...rows, ''].join('\n'));
  const compile = await startChild({
    name: 'compile',
    script: 'workers/audience/cli.ts',
    args: ['compile', csv, '--launch', launchId, '--as', 'ana'],
    env: stack.envOf('audience'),
    logFile: join(dataDir, 'logs', 'audience.log'),
  });
  if ((await compile.ended) !== 0) throw new Error(`AUDIENCE_FAILED see ${compile.logFile}`);
  await until(
    'two ready workers',
    30_000,
    async () => (await cloud.live.reports(launchId)).filter(({ state }) => state === 'ready').length >= 2,
  );
  await tickGates([ana]);
  await until('the tick in the record', 5_000, async () =>
    (await journal.entries(launchId)).some(({ kind }) => kind === 'GateTicked'),
  );

  const launch = async (): Promise<Launch> => {
    const found = await journal.launch(launchId);
    if (found === null) throw new Error('LAUNCH_GONE');
    return found;
  };
  const shotOf = async (segment: string) =>
    Object.values((await launch()).shots).findLast((shot) => shot.segments.some((one) => one.segment === segment));
  const control = (path: string) => `${stack.providersUrl}${path}`;
  return {
    dataDir,
    stack,
    journal,
    launchId,
    ana,
    mia,
    ben,
    keys,
    launch,
    shotOf,
    async ask(command) {
      const before = new Set((await ben.buttons('fire.go')).map(({ value }) => value));
      await until(
        `the workers and gates for \`/go ${command}\``,
        20_000,
        async () => mustGo(mia, command).then(() => true),
        300,
      );
      return until('the GO button', 10_000, async () =>
        (await ben.buttons('fire.go')).find(({ value }) => !before.has(value)),
      );
    },
    closed: (segment, withinMs = 30_000) =>
      until(`the close of ${segment}`, withinMs, async () => {
        const shot = await shotOf(segment);
        return shot?.closed === null ? null : shot;
      }),
    async counts(shotId) {
      const answer = await fetch(
        control(`/counts?launch=${launchId}${shotId === undefined ? '' : `&shot=${shotId}`}`),
        { signal: AbortSignal.timeout(5_000) },
      );
      return (await answer.json()) as Counts;
    },
    async configure(behaviour) {
      const answer = await fetch(control('/config'), {
        method: 'POST',
        body: JSON.stringify(behaviour),
        signal: AbortSignal.timeout(5_000),
      });
      if (!answer.ok) throw new Error(`CONFIG_REFUSED ${await answer.text()}`);
    },
    shown: () => shown(stack.pageUrl, stack.secrets.botToken),
    async stop() {
      await stack.stop();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** The effects whose marks the channel's messages carry (`<launch> <seq>/<name>`), and the names of its files; whatever the words on them are. */
export async function shown(slackUrl: string, botToken: string): Promise<string[]> {
  interface Posted {
    metadata?: { event_payload?: { launchId?: string; effectId?: string } };
    files?: { name: string }[];
  }
  const answer = await fetch(new URL('/api/conversations.history', slackUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: `Bearer ${botToken}` },
    body: new URLSearchParams({ channel: ROOM, limit: '999', include_all_metadata: 'true' }).toString(),
    signal: AbortSignal.timeout(5_000),
  });
  const { ok, messages } = (await answer.json()) as { ok: boolean; messages: Posted[] };
  if (!ok) throw new Error('HISTORY_REFUSED');
  return messages.flatMap(({ metadata, files }) => [
    ...(metadata?.event_payload?.effectId === undefined
      ? []
      : [`${metadata.event_payload.launchId ?? ''} ${metadata.event_payload.effectId}`]),
    ...(files ?? []).map(({ name }) => name),
  ]);
}

/** And there is something at all. */
export const isEachOnce = (names: readonly string[]): boolean =>
  names.length > 0 && new Set(names).size === names.length;

/** What became of the shot's devices: its totals, their sum, and how many of them the audience has. */
export function outcomeOf(shot: Shot) {
  const totals = sumTotals(shot.totals ?? []);
  const { accepted, failed, uncertain, halted, late, skipped } = totals;
  const devices = shot.audience.segments
    .filter(({ id }) => shot.segments.some(({ segment }) => segment === id))
    .reduce((sum, segment) => sum + segment.devices, 0);
  return { ...totals, sum: accepted + failed + uncertain + halted + late + skipped, devices };
}

function* devices(
  platform: 'ios' | 'android',
  markets: Record<string, number>,
  { mark = '00', locale = 'en' }: { mark?: string; locale?: string } = {},
): Generator<string> {
  const of = `${mark === '00' ? '' : mark}${locale === 'en' ? '' : locale}`;
  for (const [market, count] of Object.entries(markets)) {
    for (let at = 0; at < count; at++) {
      // Tokens that begin with 00, or for Android with c, carry no mark: the providers accept them.
      const hash = createHash('sha256').update(`${market}/${of}${at}`).digest('hex');
      const token =
        platform === 'ios'
          ? `${mark}${hash.slice(mark.length)}`
          : `c${hash.slice(0, 21)}:APA91b${`${hash}${hash}${hash}`.slice(0, 134)}`;
      yield `${market}-${of}${at},${platform},${token},${locale},${market}`;
    }
  }
}

async function newKey(dataDir: string, name: string): Promise<{ file: string; publicKey: string }> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const file = join(dataDir, `${name}.pem`);
  await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return { file, publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64') };
}
