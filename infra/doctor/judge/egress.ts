import { about, listed } from './line.ts';
import type { Line } from './line.ts';

/** One try to reach a host; `trouble` null: it was. */
export interface FoundWay {
  host: string;
  port: number;
  trouble: { kind: 'name' | 'refused' | 'silent' | 'tls'; say: string; afterMs: number } | null;
}

const HINT = {
  name: 'Check the resolver of this machine or VPC, and the name',
  refused: 'Let this machine out to it (security group, network ACL, firewall)',
  silent: 'Let this machine out to it (security group, network ACL, NAT or internet gateway, VPC endpoint)',
  tls: 'Somebody between us ends TLS, or the certificate is not trusted: let the host pass',
} as const;

export function judgeEgress(to: 'providers' | 'slack' | 'aws', ways: readonly FoundWay[]): Line | null {
  if (ways.length === 0) return null;
  const names = { providers: 'APNs and FCM', slack: 'Slack', aws: 'AWS' } as const;
  const line = about(`egress.${to}`, `Way out to ${names[to]}`);
  const needed = `TCP and TLS to ${listed(
    ways.map(({ host, port }) => `${host}:${port}`),
    3,
  )}`;
  const shut = ways.flatMap(({ host, port, trouble }) =>
    trouble === null ? [] : [{ at: `${host}:${port}`, trouble }],
  );
  const [first] = shut;
  if (first === undefined) return line.ok({ found: `${ways.length} of ${ways.length} reached`, needed });
  return line.wrong({
    found: listed(
      shut.map(({ at, trouble }) => `${at} ${trouble.say} after ${(trouble.afterMs / 1_000).toFixed(1)} s`),
      3,
    ),
    needed,
    fix: HINT[first.trouble.kind],
  });
}
