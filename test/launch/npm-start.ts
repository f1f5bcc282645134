import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Cloud } from '../../infra/aws/cloud.ts';
import { createCloud } from '../../infra/aws/create-cloud.ts';
import { createJournal } from '../../infra/aws/journal.ts';
import { commandKeyring } from '../../infra/aws/key-config.ts';
import { projectRoot } from '../../infra/local/child.ts';
import { ScriptedPerson, until } from '../../infra/local/scripted-person.ts';
import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import { ROOM } from '../faults/war-room.ts';
import type { Counts } from '../faults/war-room.ts';

/** One `npm start`, as a person at a terminal knows it. */
export interface Start {
  child: ChildProcess;
  text: () => string;
  ended: Promise<number | null>;
}

/** In a process group of its own, as a shell starts it: Ctrl-C goes to the group. */
export function npmStart(dataDir: string, ...args: string[]): Start {
  const child = spawn('npm', ['start', '--', '--data', dataDir, ...args], {
    cwd: projectRoot,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  return { child, text: () => text, ended: once(child, 'close').then(() => child.exitCode) };
}

export const ctrlC = ({ child }: Start) => process.kill(-(child.pid ?? Number.NaN), 'SIGINT');

export interface Open {
  pageUrl: string;
  providersUrl: string;
  cloud: Cloud;
  people: Record<'ana' | 'mia' | 'ben', ScriptedPerson>;
  launch: () => Promise<Launch>;
  shot: () => Promise<Shot | undefined>;
  counts: () => Promise<Counts>;
}

/** Once it says that the room is open. */
export async function opened(dataDir: string, start: Start): Promise<Open> {
  const pageUrl = await until('the open war room', 60_000, async () => {
    if (start.child.exitCode !== null) throw new Error(start.text());
    return start.text().includes('Ctrl-C stops everything') && /The war room is open: (\S+)/.exec(start.text())?.[1];
  });
  const env = parseEnv(await readFile(join(dataDir, 'local.env'), 'utf8'));
  const cloud = createCloud({
    endpoint: env['AWS_ENDPOINT_URL'] ?? '',
    region: 'us-east-1',
    tablePrefix: 'gobutton',
    bucket: 'gobutton',
  });
  const journal = createJournal({ record: cloud.record, staff: cloud.staff, keyring: commandKeyring(env).keyring });
  const launch = async (): Promise<Launch> => {
    const [item] = await cloud.live.launches();
    const found = item === undefined ? null : await journal.launch(item.launchId);
    if (found === null) throw new Error('no launch');
    return found;
  };
  const as = (id: string) => new ScriptedPerson(pageUrl, ROOM, id);
  const control = await until(
    'the providers',
    5_000,
    async () =>
      /"controlUrl":"([^"]+)"/.exec(
        (await readFile(join(dataDir, 'logs', 'providers.log'), 'utf8'))
          .trim()
          .split('\n')
          .findLast((line) => line.includes('controlUrl')) ?? '',
      )?.[1],
  );
  return {
    pageUrl,
    providersUrl: control,
    cloud,
    launch,
    people: { ana: as('U0ONCALL'), mia: as('U0MARKET1'), ben: as('U0MARKET2') },
    shot: async () => Object.values((await launch()).shots)[0],
    counts: async () =>
      (await (
        await fetch(`${control}/counts?launch=${(await launch()).id}`, { signal: AbortSignal.timeout(5_000) })
      ).json()) as Counts,
  };
}
