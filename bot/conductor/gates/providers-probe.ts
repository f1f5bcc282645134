import type { WorkerReport } from '../../../contract/report.ts';
import type { Measured } from '../../../runbooks/launch/entries.ts';

type Found = Pick<Measured, 'status' | 'value' | 'say'>;
type Lane = WorkerReport['lanes'][number];
type Provider = Lane['provider'];

/** As the room calls them, and what to give `npm run lane:probe`. */
const NAME: Record<Provider, string> = { apns: 'APNs', fcm: 'FCM' };
const DEVICE: Record<Provider, string> = { apns: 'an iOS device', fcm: 'an Android device' };
const SAY_CHARS = 900;

interface Met {
  report: WorkerReport;
  lane: Lane;
}

/**
 * What workers have met where the providers should be. Green: a ready worker had an answer of each provider that takes its
 * credential, and none that would send stands before something else. A worker that can't send yet is named and stops nobody:
 * how many must be ready is another gate's matter. `value`: workers with something in the way.
 */
export function providersNow(providers: readonly Provider[], reports: readonly WorkerReport[]): Found {
  const each = providers.map((provider) =>
    providerNow(
      provider,
      reports.flatMap((report) =>
        report.lanes.filter((lane) => lane.provider === provider).map((lane) => ({ report, lane })),
      ),
    ),
  );
  const worst = (['red', 'unknown'] as const).find((one) => each.some(({ status }) => status === one)) ?? 'green';
  // What is in order is said when all of it is.
  const said = each
    .filter(({ status }) => status === worst)
    .map(({ say }) => say)
    .join(' · ');
  return {
    status: worst,
    value: worst === 'unknown' ? null : each.reduce((sum, { value }) => sum + (value ?? 0), 0),
    say: cut(said),
  };
}

function providerNow(provider: Provider, all: readonly Met[]): Found {
  const name = NAME[provider];
  const troubled = all.filter(({ lane }) => lane.peer?.problem != null);
  const wouldSend = troubled.filter(({ report }) => isSender(report));
  const answered = all.filter(({ report, lane }) => isSender(report) && wasAnswered(lane));
  if (wouldSend.length > 0) return { status: 'red', value: wouldSend.length, say: `${name}: ${sentenceOf(wouldSend)}` };
  if (answered.length > 0) {
    const others = troubled.length === 0 ? '' : `; not yet: ${sentenceOf(troubled)}`;
    return {
      status: 'green',
      value: troubled.length,
      say: `${name} answered ${counted(answered.length)}${describe(answered)}${others}`,
    };
  }
  if (troubled.length > 0) return { status: 'red', value: troubled.length, say: `${name}: ${sentenceOf(troubled)}` };
  const ready = all.filter(({ report }) => isSender(report));
  if (ready.length === 0) return { status: 'unknown', value: null, say: `${name}: no worker is ready` };
  const asked = `${name} was opened by ${counted(ready.length)} and has answered none. Nobody was asked for: give one of the launch's people ${DEVICE[provider]}, or see \`npm run lane:probe -- ${provider} --launch\` and ask for a waiver`;
  return { status: 'unknown', value: null, say: asked };
}

const isSender = ({ state }: WorkerReport): boolean => state === 'ready' || state === 'sending';

/** A worker of an older version says only how many connections are authenticated. */
function wasAnswered({ peer, primed }: Lane): boolean {
  return peer == null ? primed > 0 : peer.answered && peer.problem === null;
}

/** What most of them have found, whose it is, and how many found something else. */
function sentenceOf(met: readonly Met[]): string {
  const byCode = Map.groupBy(met, ({ lane }) => lane.peer?.problem?.code ?? '');
  const [first] = [...byCode.values()].toSorted((a, b) => b.length - a.length);
  const [one] = first ?? [];
  if (one === undefined || first === undefined) return '';
  const who = `worker ${one.report.host} (process ${one.report.pid})`;
  const others = first.length === 1 ? who : `${who} and ${first.length - 1} more`;
  return `${one.lane.peer?.problem?.say ?? ''} Found by ${others}${first.length === met.length ? '' : `; ${met.length - first.length} found something else`}`;
}

function describe(answered: readonly Met[]): string {
  const peer = answered.find(({ lane }) => lane.peer != null)?.lane.peer;
  if (peer == null) return '';
  const keys = [...new Set(answered.flatMap(({ lane }) => (lane.key == null ? [] : [lane.key])))].toSorted();
  const words = [
    ...(peer.tls === null ? [] : [peer.tls]),
    ...(peer.streams === null ? [] : [`${peer.streams.toLocaleString('en-US')} streams a connection`]),
    // While a key is being replaced there are two.
    ...(keys.length === 0 ? [] : [`${keys.length === 1 ? 'key' : 'keys'} ${keys.join(' and ')}`]),
  ];
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}

export const counted = (workers: number): string => `${workers} worker${workers === 1 ? '' : 's'}`;
const cut = (text: string): string =>
  text.length <= SAY_CHARS ? text : `${text.slice(0, SAY_CHARS - 1).toWellFormed()}…`;
