/**
 * How many tasks for N devices in S seconds. Three things bound a rate, and the largest demand wins: cores, open
 * streams (rate × latency: a stream is taken for as long as its answer takes), and what one connection is good for.
 * Pure arithmetic; every default says where it comes from.
 */
export interface SizeQuestion {
  devices: number;
  /** Time to have everything written. */
  seconds: number;
  /** Mean time from a request to its answer. */
  latencyMs: number;
  /** Share of the devices that are on iOS, 0 to 1; the rest is on Android. */
  iosShare: number;
  /** Connections of a task to each provider. */
  connections: number;
  /** Streams that may be open on a connection. */
  streams: number;
  /** Notifications that a core sends and accounts for in a second. */
  perCore: number;
  cores: number;
  /** Notifications per second of one connection, whatever its streams allow; 0: no such limit. */
  perConnection: number;
  /** Part of the tasks that may be missing or slow at GO, 0 to 1. */
  spare: number;
}

export const SIZE_DEFAULTS = {
  iosShare: 0.5,
  // What workers open by default.
  connections: 60,
  // FCM's, as firebase-admin assumes (docs/facts.md#fcm-streams); APNs has been seen to allow 500 to 1,500
  // (docs/facts.md#apns-streams).
  streams: 100,
  // Half of what `npm run bench:lane` shows on a slow core, as claims, accounts and reports want their part.
  perCore: 100_000,
  cores: 1,
  // An old figure from the field: latency climbs near it (docs/facts.md#apns-connection-rate). No provider promises
  // any.
  perConnection: 1_000,
  spare: 0.25,
} as const;

export interface SizeAnswer {
  perSecond: { ios: number; android: number };
  /** Streams that are open at a time, over all tasks. */
  streamsNeeded: { ios: number; android: number };
  /** Tasks wanted by each bound, before the spare ones. */
  tasksFor: { cores: number; streams: number; connections: number };
  bound: 'cores' | 'streams' | 'connections';
  /** With the spare ones. */
  tasks: number;
  /** Over all tasks, to each provider. */
  connectionsOpen: number;
  /** What these tasks could send in a second at most, by the bound that is reached first. */
  mostPerSecond: number;
  notes: string[];
}

/**
 * FCM's default quota of messages per minute and project (docs/facts.md#fcm-quota), and the ramp that Google asks for
 * (docs/facts.md#fcm-ramp).
 */
export const FCM_PER_MINUTE = 600_000;
const FCM_RAMP_SECONDS = 60;

/** Throws RangeError `SIZE_QUESTION` when a figure makes no sense. */
export function size(question: SizeQuestion): SizeAnswer {
  check(question);
  const { devices, seconds, latencyMs, iosShare, connections, streams, perCore, cores, perConnection, spare } =
    question;
  const total = devices / seconds;
  const perSecond = { ios: total * iosShare, android: total * (1 - iosShare) };
  const streamsNeeded = { ios: (perSecond.ios * latencyMs) / 1_000, android: (perSecond.android * latencyMs) / 1_000 };
  const streamsOfTask = connections * streams;
  // A task has streams and connections to each provider, and one set of cores for both.
  const busier = Math.max(perSecond.ios, perSecond.android);
  const tasksFor = {
    cores: up(total / (perCore * cores)),
    streams: up(Math.max(streamsNeeded.ios, streamsNeeded.android) / streamsOfTask),
    connections: perConnection === 0 ? 0 : up(busier / (connections * perConnection)),
  };
  const wanted = Math.max(1, tasksFor.cores, tasksFor.streams, tasksFor.connections);
  const bound = (['cores', 'streams', 'connections'] as const).find((one) => tasksFor[one] === wanted) ?? 'cores';
  const tasks = up(wanted * (1 + spare));
  const largerShare = Math.max(iosShare, 1 - iosShare);
  const byStreams =
    latencyMs === 0 ? Number.POSITIVE_INFINITY : (tasks * streamsOfTask * 1_000) / latencyMs / largerShare;
  const byConnections =
    perConnection === 0 ? Number.POSITIVE_INFINITY : (tasks * connections * perConnection) / largerShare;
  return {
    perSecond,
    streamsNeeded,
    tasksFor,
    bound,
    tasks,
    connectionsOpen: tasks * connections,
    mostPerSecond: Math.floor(Math.min(tasks * perCore * cores, byStreams, byConnections)),
    notes: notesOn(devices * (1 - iosShare), seconds),
  };
}

function notesOn(android: number, seconds: number): string[] {
  const notes: string[] = [];
  if (android > FCM_PER_MINUTE * Math.max(1, seconds / 60)) {
    notes.push(
      `Android: ${Math.ceil(android).toLocaleString('en-US')} messages are more than FCM's default quota of 600,000 a minute. Ask for an event quota 15 days ahead (30 days above 18 million a minute), or give Android ${Math.ceil(android / FCM_PER_MINUTE)} minutes.`,
    );
  }
  if (android > 0 && seconds < FCM_RAMP_SECONDS)
    notes.push('Android: Google asks for a ramp of 60 s or more; a shorter time wants their word.');
  return notes;
}

/** A batch is claimed by one write and accounted for by another, each of one unit (docs/facts.md#claims-rate); where very many of its tokens are gone of two. */
const WRITES_A_BATCH = 2;

/** Write units a second that the claims of a shot take while it goes out. */
export function claimUnits({
  devices,
  seconds,
  batchSize,
}: Pick<SizeQuestion, 'devices' | 'seconds'> & { batchSize: number }): number {
  return up((Math.ceil(devices / batchSize) * WRITES_A_BATCH) / seconds);
}

/** Ceiling, but not over what only rounding of floating point added. */
function up(value: number): number {
  return Math.ceil(Number(value.toFixed(6)));
}

function check(question: SizeQuestion): void {
  const positive = ['devices', 'seconds', 'connections', 'streams', 'perCore', 'cores'] as const;
  const wrong = [
    ...positive.filter((name) => !(question[name] > 0)),
    ...(['latencyMs', 'perConnection', 'spare'] as const).filter((name) => !(question[name] >= 0)),
    ...(question.iosShare >= 0 && question.iosShare <= 1 ? [] : ['iosShare']),
  ];
  if (wrong.length > 0) throw new RangeError(`SIZE_QUESTION: ${wrong.join(', ')} can't be so`);
}
