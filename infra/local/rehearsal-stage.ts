import type { Journal } from '../aws/journal.ts';
import type { CloudWeatherName } from './cloud/weather.ts';
import type { OwnAudience } from './event/check-audience.ts';
import type { LocalEvent } from './event/local-event.ts';
import type { Cast } from './rehearsal-cast.ts';
import type { Stack } from './stack.ts';

/** What a rehearsal is asked to play. */
export interface Script {
  /** Of a made-up audience. */
  devices: number;
  workers: number;
  seed: number;
  latencyMs: number;
  connections: number;
  /** Sending threads of a worker; absent: as many as it takes by itself. */
  threads?: number;
  haltAfterMs: number | null;
  doublePress: boolean;
  killWorkerAfterMs: number | null;
  /** Of the local cloud, for some seconds from GO on; `odd` from its start to its end. */
  awsWeather?: CloudWeatherName;
  /** One's own event; absent: the Super Bowl. */
  event?: LocalEvent;
  /** One's own list; absent: a made-up one. */
  audience?: OwnAudience;
  /** The plan runs by itself, so many times faster than it is written, and each market is fired at its moment. Absent: what it scales is ordered at once, and all is fired as soon as every gate is green. */
  compress?: number;
}

/** How the play tells what it does: lines, and a live progress bar on standard output. */
export interface Talk {
  say: (line: string) => void;
  bar: boolean;
}

/** What every act of the play needs. */
export interface Stage {
  stack: Stack;
  journal: Journal;
  script: Script;
  event: LocalEvent;
  talk: Talk;
  cast: Cast;
}
