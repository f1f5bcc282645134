import { SIZE_DEFAULTS } from '../../contract/sizing.ts';
import type { Found } from '../../runbooks/playbook/checked-yaml.ts';
import type { LaunchConfig } from './launch-config.ts';

/**
 * Whether NAT gateways carry the shot, one in each zone. Two things bound one. Connections
 * (docs/facts.md#nat-gateway): 55,000 to one address, and every connection of a zone's workers may meet the same one. Packets (docs/facts.md#nat-packets): a million a second; it grows to ten
 * by itself, but nobody says how fast, and a shot is over in seconds, so what counts is the million. An address of its own
 * for each task has neither bound, which is why that is the default.
 */
const CONNECTIONS_MOST = 55_000;
const PACKETS_PER_SECOND = 1_000_000;
/** A request out and an answer back; where several share a packet it is fewer. */
const PACKETS_A_PUSH = 2;

interface NatLoad {
  gateways: number;
  /** Of one gateway, to one provider. */
  connections: number;
  packetsPerSecond: number;
}

/** With one zone's workers on that zone's gateway. */
function natLoad({ workers, network, size }: LaunchConfig): NatLoad {
  const gateways = network.zones.length;
  return {
    gateways,
    connections: Math.ceil(workers.count / gateways) * SIZE_DEFAULTS.connections,
    packetsPerSecond: Math.ceil((size.devices / (size.within / 1_000) / gateways) * PACKETS_A_PUSH),
  };
}

export function natProblems(config: LaunchConfig): Found[] {
  if (config.network.egress !== 'nat') return [];
  const { connections, packetsPerSecond } = natLoad(config);
  const path = ['network', 'egress'];
  const expected = 'public or ipv6, where each task has an address of its own, or more zones';
  return [
    ...(packetsPerSecond > PACKETS_PER_SECOND
      ? [
          {
            path,
            found: `"nat", whose gateways would carry ${count(packetsPerSecond)} packets a second each, of ${count(PACKETS_PER_SECOND)}`,
            expected,
          },
        ]
      : []),
    ...(connections > CONNECTIONS_MOST
      ? [
          {
            path,
            found: `"nat", whose gateways would hold ${count(connections)} connections to a provider each, of ${count(CONNECTIONS_MOST)}`,
            expected,
          },
        ]
      : []),
  ];
}

/** The arithmetic in a line; null: there is no NAT. */
export function natWords(config: LaunchConfig): string | null {
  if (config.network.egress !== 'nat') return null;
  const { gateways, connections, packetsPerSecond } = natLoad(config);
  return `nat: ${gateways} gateways; at the shot each carries some ${count(packetsPerSecond)} packets a second (of ${count(PACKETS_PER_SECOND)} at once) and ${count(connections)} connections to a provider (of ${count(CONNECTIONS_MOST)})`;
}

const count = (value: number): string => value.toLocaleString('en-US');
