import { isObject, pushTypeOf } from './content.ts';
import type { Violation } from './google-error.ts';

/**
 * The body of messages:send against the FCM v1 discovery document (docs/facts.md#fcm-message): unknown fields, types,
 * enums, ttl, size, and exactly one target. Names may be snake_case or lowerCamelCase, as in every Google API.
 */

const payloadLimit = 4096;
const longestTtlSeconds = 2_419_200;

type Kind =
  | 'string'
  | 'bool'
  | 'int'
  | 'strings'
  | 'map'
  | 'struct'
  | 'duration'
  | 'ttl'
  | 'durations'
  | 'timestamp'
  | 'color'
  | 'address'
  | readonly string[]
  | Fields;
interface Fields {
  readonly [name: string]: Kind;
}

const androidNotification: Fields = {
  title: 'string',
  body: 'string',
  icon: 'string',
  color: 'color',
  sound: 'string',
  tag: 'string',
  click_action: 'string',
  body_loc_key: 'string',
  body_loc_args: 'strings',
  title_loc_key: 'string',
  title_loc_args: 'strings',
  channel_id: 'string',
  ticker: 'string',
  sticky: 'bool',
  event_time: 'timestamp',
  local_only: 'bool',
  default_sound: 'bool',
  default_vibrate_timings: 'bool',
  default_light_settings: 'bool',
  vibrate_timings: 'durations',
  notification_count: 'int',
  light_settings: 'struct',
  image: 'address',
  notification_priority: [
    'PRIORITY_UNSPECIFIED',
    'PRIORITY_MIN',
    'PRIORITY_LOW',
    'PRIORITY_DEFAULT',
    'PRIORITY_HIGH',
    'PRIORITY_MAX',
  ],
  visibility: ['VISIBILITY_UNSPECIFIED', 'PRIVATE', 'PUBLIC', 'SECRET'],
  proxy: ['PROXY_UNSPECIFIED', 'ALLOW', 'DENY', 'IF_PRIORITY_LOWERED'],
  bypass_proxy_notification: 'bool',
  id: 'int',
};

const message: Fields = {
  name: 'string',
  data: 'map',
  notification: { title: 'string', body: 'string', image: 'address' },
  android: {
    collapse_key: 'string',
    priority: ['NORMAL', 'HIGH', 'normal', 'high'],
    ttl: 'ttl',
    restricted_package_name: 'string',
    data: 'map',
    notification: androidNotification,
    fcm_options: { analytics_label: 'string' },
    direct_boot_ok: 'bool',
    bandwidth_constrained_ok: 'bool',
    restricted_satellite_ok: 'bool',
  },
  webpush: {
    headers: 'map',
    data: 'map',
    notification: 'struct',
    fcm_options: { link: 'string', analytics_label: 'string' },
  },
  apns: {
    headers: 'map',
    payload: 'struct',
    fcm_options: { analytics_label: 'string', image: 'address' },
    live_activity_token: 'string',
  },
  fcm_options: { analytics_label: 'string' },
  token: 'string',
  fid: 'string',
  topic: 'string',
  condition: 'string',
};

const request: Fields = { message, validate_only: 'bool' };

/**
 * Keys that FCM keeps for itself in `data` (docs/facts.md#fcm-data-keys): today's page or older ones, the harsher it
 * is.
 */
const reservedKey = /^(?:from|message_type|(?:google|gcm).*)$/i;

export interface Problem {
  message: string;
  violation: Violation;
  unknownField: boolean;
}

/** The first problem of a parsed body, or null. The size counts the message without its target, as UTF-8 JSON. */
export function messageProblem(body: unknown): Problem | null {
  if (!isObject(body)) return fault('', 'The request body is no JSON object.');
  const inFields = fieldsProblem(body, request, '');
  if (inFields !== null) return inFields;
  const sent = body.message;
  if (!isObject(sent)) return fault('message', 'The message is missing.');
  const targets = ['token', 'fid', 'topic', 'condition'].filter(
    (name) => sent[name] !== undefined && sent[name] !== '',
  );
  if (targets.length !== 1) {
    return fault(
      'message',
      targets.length === 0
        ? 'Recipient of the message is not set.'
        : `Exactly one of token, fid, topic and condition must be set, found ${targets.join(' and ')}.`,
    );
  }
  const { token: _token, fid: _fid, ...rest } = sent;
  const bytes = Buffer.byteLength(JSON.stringify(rest));
  if (bytes > payloadLimit)
    return fault('message', `Message is too big: ${bytes} bytes, at most ${payloadLimit} are allowed.`);
  for (const data of [sent.data, isObject(sent.android) ? sent.android.data : undefined]) {
    const reserved = isObject(data) ? Object.keys(data).find((key) => reservedKey.test(key)) : undefined;
    if (reserved !== undefined) return fault('message.data', `Invalid data payload key: ${reserved}`);
  }
  return isObject(sent.apns) ? appleProblem(sent.apns, isObject(sent.notification)) : null;
}

/** What FCM wants of the part for Apple (docs/facts.md#fcm-apns-config). */
function appleProblem({ headers, payload }: Record<string, unknown>, hasNotification: boolean): Problem | null {
  const aps = isObject(payload) ? payload.aps : undefined;
  if (payload !== undefined && (!isObject(aps) || (Object.keys(aps).length === 0 && !hasNotification)))
    return fault('message.apns.payload', 'Payload of Apple Push Notification Service must contain an [aps] key.');
  // Their values are strings: a map of anything else was refused.
  const {
    'apns-priority': priority,
    'apns-push-type': pushType,
    'apns-collapse-id': collapseId = '',
  } = (headers ?? {}) as Record<string, string>;
  const shows = hasNotification || (isObject(aps) && pushTypeOf(aps) === 'alert');
  if (priority !== undefined && (!['1', '5', '10'].includes(priority) || (priority === '10' && !shows)))
    return fault('message.apns.headers', `Invalid apns-priority: ${priority}.`);
  if (pushType === 'background' && (shows || priority !== '5'))
    return fault('message.apns.headers', 'Invalid apns-push-type: background shows nothing, and has apns-priority 5.');
  if (pushType === 'alert' && !shows)
    return fault('message.apns.headers', 'Invalid apns-push-type: an alert shows something.');
  return Buffer.byteLength(collapseId) > 64
    ? fault('message.apns.headers', 'Invalid apns-collapse-id: at most 64 bytes are allowed.')
    : null;
}

function fault(field: string, text: string): Problem {
  return { message: text, violation: { field, description: text }, unknownField: false };
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function fieldsProblem(value: Record<string, unknown>, fields: Fields, path: string): Problem | null {
  for (const [name, item] of Object.entries(value)) {
    const kind = fields[snake(name)];
    if (kind === undefined) {
      const text = `Invalid JSON payload received. Unknown name "${name}"${path === '' ? '' : ` at '${path}'`}: Cannot find field.`;
      return { message: text, violation: { field: path, description: text }, unknownField: true };
    }
    const problem = item === null ? null : valueProblem(item, kind, path === '' ? name : `${path}.${name}`);
    if (problem !== null) return problem;
  }
  return null;
}

function valueProblem(value: unknown, kind: Kind, path: string): Problem | null {
  if (typeof kind === 'object' && !Array.isArray(kind)) {
    return isObject(value) ? fieldsProblem(value, kind as Fields, path) : wrong(path, 'an object');
  }
  if (typeof kind === 'object')
    return typeof value === 'string' && kind.includes(value) ? null : wrong(path, `one of ${kind.join(', ')}`);
  switch (kind) {
    case 'string':
      return typeof value !== 'string' ? wrong(path, 'a string') : halfCharacter(value, path);
    case 'bool':
      return typeof value === 'boolean' ? null : wrong(path, 'true or false');
    case 'int':
      return Number.isInteger(value) || (typeof value === 'string' && /^-?\d+$/.test(value))
        ? null
        : wrong(path, 'a whole number');
    case 'strings':
      return Array.isArray(value) && value.every((item) => typeof item === 'string')
        ? null
        : wrong(path, 'a list of strings');
    case 'struct':
      return isObject(value) ? null : wrong(path, 'an object');
    case 'map':
      return mapProblem(value, path);
    case 'duration':
      return seconds(value) === null ? wrong(path, 'seconds with the suffix s, as "3.5s"') : null;
    case 'durations':
      return Array.isArray(value) && value.every((item) => seconds(item) !== null)
        ? null
        : wrong(path, 'a list of durations');
    case 'timestamp':
      return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? null : wrong(path, 'a time in RFC 3339');
    // What the field's description and firebase-admin say of it; that FCM itself is as strict is the harsher guess.
    case 'color':
      return typeof value === 'string' && /^#[0-9a-f]{6}$/i.test(value) ? null : wrong(path, 'a color as #rrggbb');
    case 'address':
      return typeof value === 'string' && /^https?:\/\//i.test(value) && URL.canParse(value)
        ? null
        : wrong(path, 'an address that begins with https');
    case 'ttl': {
      const ttl = seconds(value);
      if (ttl === null) return wrong(path, 'seconds with the suffix s, as "3600s"');
      return ttl >= 0 && ttl <= longestTtlSeconds
        ? null
        : fault(path, `Invalid ttl: must be from 0s to ${longestTtlSeconds}s.`);
    }
    default: {
      const missed: never = kind;
      throw new Error(`FCM_KIND_WITHOUT_CHECK: ${String(missed)}`);
    }
  }
}

function mapProblem(value: unknown, path: string): Problem | null {
  if (!isObject(value)) return wrong(path, 'a map of strings');
  const bad = Object.entries(value).find(([, item]) => typeof item !== 'string');
  if (bad !== undefined) return wrong(`${path}[${bad[0]}]`, 'a string');
  return (
    Object.entries(value)
      .map(([key, item]) => halfCharacter(`${key}${String(item)}`, path))
      .find((problem) => problem !== null) ?? null
  );
}

/** Half a surrogate pair is no UTF-8: Google's JSON reader refuses the body. */
function halfCharacter(text: string, path: string): Problem | null {
  return text.isWellFormed() ? null : fault(path, 'Invalid JSON payload received. Unpaired surrogate in a string.');
}

function wrong(path: string, expected: string): Problem {
  return fault(path, `Invalid value at '${path}': expected ${expected}.`);
}

/** Seconds of a protobuf duration in JSON; null if it is none. */
function seconds(value: unknown): number | null {
  return typeof value === 'string' && /^-?\d+(?:\.\d{1,9})?s$/.test(value) ? Number(value.slice(0, -1)) : null;
}
