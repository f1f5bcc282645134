import { readPublicHalf } from '../../infra/aws/keyring.ts';
import type { SwitchItem } from '../../infra/aws/switch-store.ts';
import { verifyChannel } from '../../infra/aws/verify-channel.ts';
import { byRules, foldWhole, headProblem } from '../../infra/aws/verify-record.ts';
import { shown } from '../../infra/environment.ts';
import type { RecordKey } from '../../runbooks/launch/entries.ts';
import { plural } from '../views/words.ts';
import { CliError } from './cli-error.ts';
import type { OperatorKey } from './operator-key.ts';
import { keyOwner, launchOf, perform } from './session.ts';
import type { Session } from './session.ts';

/** What the record of a launch is worth, and whose keys may sign it. */

/** `head`: as the channel shows it, SEQ:HASH. Ends with RECORD_BROKEN at the first thing that does not hold. */
export async function verify(session: Session, launchId: string, headText: string | null): Promise<void> {
  const { cloud, journal, out } = session;
  const head = headText === null ? null : readHead(headText);
  const item = await cloud.switches.read(launchId, { consistent: true }).catch(() => 'unreadable' as const);
  const entries = await cloud.record.readAfter(launchId, 0);
  if (entries.length === 0)
    throw new CliError('NO_LAUNCH', `there is no launch ${launchId}; \`npm run go -- launches\` lists them`);
  const startMs = performance.now();
  const folded = await foldWhole(launchId, entries, journal.keyring);
  if (!folded.ok) throw broken(`entry ${folded.seq}: ${folded.why}`);
  const isSigned = (folded.launch?.keys.length ?? 0) > 0;
  out(
    `entries   ${plural(entries.length, 'entry', 'entries')}, chained without a gap, head ${entries.at(-1)?.seq ?? 0}:${entries.at(-1)?.hash ?? ''}`,
  );
  out(
    isSigned
      ? 'signed    every entry, by a key that may write it'
      : 'signed    NO: from before signatures; whoever could write the table could write it, and nothing can be fired in it',
  );
  if (isSigned)
    out(
      journal.keyring.trusted === null
        ? 'keys      as the record names them; NOT COMPARED: set GOBUTTON_BOT_PUBLIC_KEYS and GOBUTTON_WORKER_PUBLIC_KEYS'
        : 'keys      all of them trusted by this environment',
    );
  const rules = await foldWhole(launchId, entries, journal.keyring, { judge: byRules });
  if (!rules.ok) throw broken(`entry ${rules.seq}: ${rules.why}`);
  if (isSigned)
    out('rules     every request, approval, lift, waiver, halt and change of people or keys is what the rules give');
  const cut = item === 'unreadable' ? null : headProblem(entries, item?.head ?? null);
  if (cut !== null) throw broken(`by the switch item, ${cut}`);
  out(`head      ${headWords(item)}`);
  const missing = headProblem(entries, head);
  if (missing !== null) throw broken(`by the head that you gave, ${missing}`);
  if (head !== null) out(`head      yours is in it (${head.seq}:${head.hash})`);
  const messages = await cloud.record.messagesAfter(launchId, 0, { isToldAway: true });
  const channel = verifyChannel(launchId, messages, entries);
  if (!channel.ok) throw broken(`message ${channel.seq} of the channel: ${channel.why}`);
  out(`channel   ${plural(messages.length, 'message')}, chained, ${channel.sealed} of them sealed by checkpoints`);
  out(`verified in ${Math.round(performance.now() - startMs)} ms`);
}

function headWords(item: SwitchItem | 'unreadable' | null): string {
  if (item === 'unreadable') return "the switch item can't be read";
  if (item?.head == null) return 'none was noted in the switch item yet';
  return `the switch item's is in it (${item.head.seq}:${item.head.hash.slice(0, 16)})`;
}

function broken(why: string): CliError {
  return new CliError('RECORD_BROKEN', `THE RECORD CAN'T BE BELIEVED: ${why}`);
}

function readHead(text: string): { seq: number; hash: string } {
  const found = /^(\d{1,9}):([0-9a-f]{8,64})$/.exec(text.trim());
  if (found === null)
    throw new CliError(
      'USAGE',
      `--head: found "${text}", expected the record's head as the channel shows it, like 42:1a2b3c4d5e6f7a8b`,
    );
  return { seq: Number(found[1]), hash: found[2] ?? '' };
}

export async function requestKeys(
  session: Session,
  launchId: string,
  options: { bot: string; worker: string; reason: string; key: OperatorKey },
): Promise<void> {
  const launch = await launchOf(session, launchId);
  const keys = [
    ...publicKeys('--bot', options.bot).map((key): RecordKey => ({ role: 'bot', key })),
    ...publicKeys('--worker', options.worker).map((key): RecordKey => ({ role: 'worker', key })),
  ];
  const { entry } = await perform(session, launchId, {
    kind: 'request-key-change',
    by: keyOwner(launch, options.key),
    keys,
    reason: options.reason,
  });
  session.out(
    `Asked to change the keys of the record${entry.kind === 'KeyChangeRequested' ? ` (${entry.changeId})` : ''}. First give every bot and worker the new public keys beside the old ones; then a second person approves it with: npm run go -- keys approve --launch ${launchId} --key their.pem`,
  );
}

export async function approveKeys(session: Session, launchId: string, options: { key: OperatorKey }): Promise<void> {
  const launch = await launchOf(session, launchId);
  const change = Object.values(launch.keyChanges).findLast(({ open }) => open);
  if (change === undefined)
    throw new CliError('NO_SUCH_REQUEST', 'nobody has asked for a change of keys; ask with `keys request`');
  for (const { role, key } of change.keys) session.out(`  ${role.padEnd(6)} ${key}`);
  await perform(session, launchId, {
    kind: 'approve-key-change',
    by: keyOwner(launch, options.key),
    changeId: change.id,
  });
  session.out('The record is signed by these keys from now on.');
}

function publicKeys(option: string, text: string): string[] {
  return text.split(',').map((one) => {
    const key = readPublicHalf(one);
    if (key === null)
      throw new CliError(
        'USAGE',
        `${option}: found ${shown(one)}, expected public keys (Ed25519, base64 of the SPKI DER) with commas between them`,
      );
    return key;
  });
}
