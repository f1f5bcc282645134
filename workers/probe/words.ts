import { visibleLines } from '../../infra/visible.ts';
import { isAboutDeviceAlone, PROVIDER } from './findings.ts';
import type { Meeting } from './meet.ts';

/** What the RFC says where a peer names nothing (RFC 9113 section 6.5.2). */
const DEFAULTS = { windowBytes: 65_535, tableBytes: 4_096, frameBytes: 16_384 } as const;

const count = (value: number): string => value.toLocaleString('en-US');
const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
const streams = (value: number | null): string => (value === null ? 'no limit named' : count(value));

function verdictOf({ provider, url, finding }: Meeting): string {
  const who = `${PROVIDER[provider].name} at ${url}`;
  if (finding === null) return `${who} was met: it took the credential and answered.`;
  return isAboutDeviceAlone(finding)
    ? `${who} was met: it took the credential. The device is another matter (${finding.code}): ${finding.say}`
    : `${who} was not met (${finding.code}): ${finding.say}`;
}

/** A meeting for people: whether the provider was met, then what it is. */
export function meetingWords(meeting: Meeting): string {
  const lines = linesOf(meeting);
  const width = Math.max(0, ...lines.map(([label]) => label.length));
  return visibleLines(
    [
      verdictOf(meeting),
      ...(lines.length === 0 ? [] : ['']),
      ...lines.map(([label, text]) => `${label.padEnd(width)}  ${text}`),
    ].join('\n'),
  );
}

function linesOf({ addresses, tls, http2, push, spent, finding }: Meeting): [string, string][] {
  const lines: [string, string][] = [];
  if (addresses.length > 0)
    lines.push([
      'addresses',
      `${addresses.slice(0, 8).join(', ')}${addresses.length > 8 ? ` and ${addresses.length - 8} more` : ''}${tls === null || tls.address === '' ? '' : `; met ${tls.address}`}`,
    ]);
  if (tls !== null) {
    lines.push([
      'TLS',
      `${tls.version}, ${tls.cipher}, ${tls.alpn}, open after ${ms(tls.tookMs)}; a session ${tls.resumes ? 'is' : 'is not'} taken up again`,
    ]);
    if (tls.certificate !== null)
      lines.push([
        'certificate',
        `${tls.certificate.subject}, by ${tls.certificate.issuer}, ${tls.certificate.validFrom} to ${tls.certificate.validTo}, trusted by ${tls.trustedBy}`,
      ]);
  }
  if (http2 !== null) {
    lines.push(
      [
        'streams',
        `${streams(http2.streams)} at first${push === null ? '' : `, ${streams(http2.streamsAfter)} after the answer`}`,
      ],
      [
        'settings',
        `window ${setting(http2.windowBytes, DEFAULTS.windowBytes)}, header table ${setting(http2.tableBytes, DEFAULTS.tableBytes)}, frames ${setting(http2.frameBytes, DEFAULTS.frameBytes)}, headers ${http2.headerListBytes === null ? 'no limit named' : count(http2.headerListBytes)}`,
      ],
    );
    if (http2.obeysTable !== null)
      lines.push([
        'our SETTINGS',
        http2.obeysTable
          ? 'it gives its header table up, as we ask'
          : 'it keeps its header table, though we ask for none: answers cost a little more to read',
      ]);
    if (http2.pingMs !== null) lines.push(['round trip', ms(http2.pingMs)]);
  }
  if (push !== null) {
    lines.push([
      'answer',
      `${push.status}${push.reason === '' ? '' : ` ${push.reason}`} after ${ms(push.tookMs)}, to a push for ${push.device === 'staff' ? 'the device' : "a device that doesn't exist"}${push.device === 'made up' && finding === null ? ', as it should be' : ''}${push.follows === 'accepted' ? '' : `: ${push.follows}`}`,
    ]);
    if (push.server !== null) lines.push(['server', push.server]);
    if (push.id !== null) lines.push(['id', push.id]);
  }
  lines.push(['spent', spent ? 'one push, that shows nothing' : 'no push']);
  return lines;
}

const setting = (value: number | null, usual: number): string =>
  `${count(value ?? usual)}${value === null ? ' (not named)' : ''}`;
