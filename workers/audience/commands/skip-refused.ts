import { AudienceError } from '../../../contract/audience-error.ts';
import { PLATFORMS } from '../../../runbooks/launch/entries.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { refusedIn, refusedTokensRefusal } from '../../../runbooks/launch/refused-tokens.ts';
import { progressBar } from '../progress.ts';
import type { Output } from '../progress.ts';
import { withObjects } from './environment.ts';
import { withLaunch, withLaunchToRead } from './launch-session.ts';
import type { LaunchSession } from './launch-session.ts';
import { foundRows, refusedTokens } from './refused-tokens.ts';
import type { RefusedTokens } from './refused-tokens.ts';
import { setSkipList, skipStored } from './set-skip-list.ts';
import { launchOfTask, toldAsTask } from './task-state.ts';
import { count, table } from './words.ts';

type Env = Readonly<Record<string, string | undefined>>;
type Read = Omit<LaunchSession, 'by'>;
type Progress = (done: number, total: number) => void;

interface Asked {
  words: readonly string[];
  option: Partial<Record<'refused-in' | 'launch' | 'as' | 'out' | 'audience' | 'column' | 'task', string>>;
  /** How many were given. */
  flags: number;
}

/** Puts the tokens that another launch was refused for good on the launch's skip list; as a task it stores the list, and the bot sets it. */
export async function skipRefused({ words, option, flags }: Asked, env: Env, out: Output, err: Output): Promise<void> {
  const { 'refused-in': earlier, launch: launchId, as, task, out: folder, audience, column } = option;
  const others = [...words, ...[folder, audience, column].filter((one) => one !== undefined)];
  if (earlier === undefined || launchId === undefined || others.length > 0 || flags > 0)
    throw new AudienceError(
      'ARGUMENT_INVALID',
      `skip --refused-in: found ${earlier === undefined ? '--task alone' : launchId === undefined ? 'no --launch' : `more beside it (${others.join(' ') || 'a flag'})`}, expected --refused-in EARLIER --launch ID --as PERSON and nothing else`,
    );
  if (task === undefined)
    return withLaunch(launchId, as, env, async (session) => {
      const source = await sourceOf(session, earlier);
      const refusal = refusedTokensRefusal(session.launch, source, session.by);
      if (refusal !== null) throw new AudienceError('REFUSED', `--refused-in: ${refusal.say} (${refusal.code})`);
      const { tokens, found } = await collect(session, source, out);
      const set = await setSkipList(session, tokens, false, refusedIn(source));
      out.write(table([...foundRows(found), ['skip list', set.ref.hash], ['skip list set', set.say]]));
    });
  const id = launchOfTask(task, option);
  await withObjects(undefined, env, (objects) =>
    toldAsTask(task, { objects, err }, (tell) =>
      withLaunchToRead(id, env, async (session) => {
        const source = await sourceOf(session, earlier);
        const { tokens, found } = await collect(session, source, out, (done, total) =>
          tell({
            say: `reading ${count(done)} of ${count(total)} shards`,
            percent: (100 * done) / total,
            leftMs: null,
          }),
        );
        return {
          is: 'listed',
          ...(await skipStored(session, tokens)),
          refused: sum(found, 'bad'),
          untold: sum(found, 'nameless') + sum(found, 'missing'),
        };
      }),
    ),
  );
}

async function sourceOf({ journal }: Read, id: string): Promise<Launch> {
  const launch = await journal.launch(id);
  if (launch !== null) return launch;
  throw new AudienceError(
    'LAUNCH_UNKNOWN',
    `--refused-in: found no launch "${id}" in the record, expected one that has fired`,
  );
}

/** Those that its own skip list left out are among them. Throws NOTHING_SENT where none can be told. */
async function collect(
  { cloud }: Read,
  source: Launch,
  out: Output,
  told: Progress = () => undefined,
): Promise<Pick<RefusedTokens, 'found'> & { tokens: string[] }> {
  const bar = progressBar(out);
  const { lines, found } = refusedTokens(source, cloud, (done, total) => {
    bar.update(`reading ${done} of ${total} shards`, done, total);
    told(done, total);
  });
  const tokens: string[] = [];
  try {
    for await (const some of lines) tokens.push(...some.trimEnd().split('\n'));
  } finally {
    bar.stop();
  }
  if (tokens.length > 0) return { tokens, found };
  throw new AudienceError(
    'NOTHING_SENT',
    `--refused-in: found no token of ${source.id} that can be told (${count(sum(found, 'nameless'))} without a name, ${count(sum(found, 'missing'))} devices without an account), expected some that were refused for good`,
  );
}

const sum = (found: RefusedTokens['found'], what: 'bad' | 'nameless' | 'missing'): number =>
  PLATFORMS.reduce((all, platform) => all + found[platform][what], 0);
